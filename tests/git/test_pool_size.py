"""pool_size: the number is changed where it is set, and refused with the reason where it is not."""

import pytest

from helpers.errors import FixFailed, ParameterError
from helpers.git.fixes.pool_size import PoolSize
from tests.git.checkouts import checkout, patched

ASYNCPG = "import asyncpg\n\nasync def start(settings):\n    return asyncpg.create_pool(settings.url{})\n"
ORM = "from sqlalchemy.ext.asyncio import create_async_engine\n\nengine = create_async_engine('postgresql+asyncpg://'{})\n"
SETTINGS = "class Settings:\n    url: str = ''\n    pool_size: int = 5\n"


@pytest.mark.parametrize(
    ("files", "fix", "changed"),
    [
        ({"db.py": ASYNCPG.format(", max_size=5")}, PoolSize(12, 5), {"db.py": ASYNCPG.format(", max_size=12")}),
        ({"db.py": ASYNCPG.format("")}, PoolSize(12, 10), {"db.py": ASYNCPG.format(", max_size=12")}),
        (
            {"db.py": ASYNCPG.format(", max_size=SIZE") + "SIZE = 5\n"},
            PoolSize(12, 5),
            {"db.py": ASYNCPG.format(", max_size=SIZE") + "SIZE = 12\n"},
        ),
        (
            {"db.py": ASYNCPG.format(", max_size=settings.pool_size"), "settings.py": SETTINGS},
            PoolSize(12, 5),
            {"settings.py": SETTINGS.replace("5", "12")},
        ),
        # its overflow of ten stays: 5 + 10 connections become 12 + 10
        ({"db.py": ORM.format(", pool_size=5")}, PoolSize(22, 15), {"db.py": ORM.format(", pool_size=12")}),
        ({"db.py": ORM.format("")}, PoolSize(22, 15), {"db.py": ORM.format(", pool_size=12")}),
    ],
)
async def test_the_number_is_changed_where_it_is_set(tmp_path, files, fix, changed):
    """At the call, in a constant, or as the default of a setting."""
    session = await checkout(tmp_path, files)
    _, after = await patched(tmp_path, session, fix)
    assert after == {**files, **changed}


@pytest.mark.parametrize(
    ("files", "fix", "said"),
    [
        ({"db.py": ASYNCPG.format(", max_size=5")}, PoolSize(5, 5), "no room"),
        ({"db.py": ASYNCPG.format(", max_size=settings.pool_size"), "settings.py": SETTINGS}, PoolSize(12, 3), "environment"),
        ({"db.py": ASYNCPG.format(", max_size=int(env['SIZE'])")}, PoolSize(12, 5), "outside of the code"),
        ({"db.py": ASYNCPG.format(""), "other.py": ASYNCPG.format("")}, PoolSize(12, 10), "db.py:4, other.py:4"),
        ({"db.py": "x = 1\n"}, PoolSize(12, 10), "nowhere"),
    ],
)
async def test_what_cannot_be_set_here_is_said_with_what_a_person_would_do(tmp_path, files, fix, said):
    """No patch that has no effect."""
    session = await checkout(tmp_path, files)
    with pytest.raises(FixFailed, match=said) as refused:
        await fix.preview(session)
    assert refused.value.remedy


@pytest.mark.parametrize(("size", "current"), [(0, 5), (5, 0), (100_000, 5)])
def test_impossible_sizes_are_refused(size, current):
    """Before anything is read."""
    with pytest.raises(ParameterError):
        PoolSize(size, current)
