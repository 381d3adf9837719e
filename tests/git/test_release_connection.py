"""unreleased_connections and release_connection, on code of other people's ways: what is found, what is not, and the patch."""

import pytest

from helpers.errors import FixFailed
from helpers.git.checks.unreleased_connections import unreleased_connections
from helpers.git.fixes.release_connection import ReleaseConnection
from helpers.results import Status
from tests.git.checkouts import checkout, patched

HEAD = """from fastapi import FastAPI
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker
from contextlib import AsyncExitStack, closing
import asyncpg
import asyncio

app = FastAPI()
engine = create_engine("postgresql://")
SessionLocal = sessionmaker(engine)
lock = asyncio.Lock()

@app.get("/x")
"""
NEVER, SOMETIMES, HANDED = "never given back", "given back only if nothing is raised or returned before", "handed to its caller"


@pytest.mark.parametrize(
    ("body", "how"),
    [
        ("    c = await app.state.pool.acquire()\n    return await c.fetch('select 1')\n", NEVER),
        ("    c = await db_pool.acquire()\n    r = await c.fetch('x')\n    await db_pool.release(c)\n    return r\n", SOMETIMES),
        ("    s = SessionLocal()\n    r = s.execute('x')\n    s.close()\n    return r\n", SOMETIMES),
        ("    c = engine.connect()\n    return c.execute('x')\n", NEVER),
        ("    return await (await pool.acquire()).fetch('x')\n", NEVER),
        ("    return await pool.acquire()\n", HANDED),
        ("    c = await pool.acquire()\n    return c\n", HANDED),
    ],
)
async def test_a_connection_that_may_stay_taken_is_found(tmp_path, body, how):
    """With its route, its line and how."""
    session = await checkout(tmp_path, {"app.py": f"{HEAD}async def x():\n{body}"})
    found = await unreleased_connections(session)
    assert [(row.how, row.routes, row.certain) for row in found.rows] == [(how, ["GET /x"], how != HANDED)]
    assert found.status is (Status.OK if how == HANDED else Status.PROBLEM)


@pytest.mark.parametrize(
    "body",
    [
        "    async with pool.acquire() as c:\n        return await c.fetch('x')\n",
        "    async with pool.acquire(timeout=5) as c, c.transaction():\n        return await c.fetch('x')\n",
        "    c = await pool.acquire()\n    try:\n        return await c.fetch('x')\n    finally:\n        await pool.release(c)\n",
        "    s = SessionLocal()\n    try:\n        yield s\n    finally:\n        s.close()\n",
        "    with SessionLocal() as s:\n        return s.execute('x')\n",
        "    s = SessionLocal()\n    with s:\n        return s.execute('x')\n",
        "    s = SessionLocal()\n    with closing(s):\n        return s.execute('x')\n",
        "    async with AsyncExitStack() as stack:\n        c = await stack.enter_async_context(pool.acquire())\n        return await c.fetch('x')\n",
        "    await lock.acquire()\n    return 1\n",
        "    c = await engine_room.connect()\n    return c\n",
    ],
)
async def test_what_is_given_back_or_is_no_connection_is_not(tmp_path, body):
    """With, finally, exit stacks; locks."""
    session = await checkout(tmp_path, {"app.py": f"{HEAD}async def x():\n{body}"})
    found = await unreleased_connections(session)
    assert (list(found.rows), found.status) == ([], Status.OK)


async def test_the_patch_wraps_what_uses_it_and_leaves_strings_alone(tmp_path):
    """Text in several lines is the same text; what comes behind the last use stays outside."""
    body = (
        "    c = await pool.acquire()\n    rows = await c.fetch('''select 1\n  as one''')\n\n    if not rows:\n        return []\n"
        "    await pool.release(c)\n    return rows\n"
    )
    session = await checkout(tmp_path, {"app.py": f"{HEAD}async def x():\n{body}"})
    _, files = await patched(tmp_path, session, ReleaseConnection("app.py", 14))
    wanted = (
        "    async with pool.acquire() as c:\n        rows = await c.fetch('''select 1\n  as one''')\n\n        if not rows:\n"
        "            return []\n    return rows\n"
    )
    assert files["app.py"] == f"{HEAD}async def x():\n{wanted}"
    assert (await unreleased_connections(session)).status is Status.OK


async def test_a_session_that_is_not_async_gets_a_plain_with(tmp_path):
    """SQLAlchemy's sessionmaker in a plain function."""
    body = "    s = SessionLocal()\n    yield s\n    s.close()\n"
    session = await checkout(tmp_path, {"app.py": f"{HEAD}def x():\n{body}"})
    _, files = await patched(tmp_path, session, ReleaseConnection("app.py", 14))
    assert files["app.py"] == f"{HEAD}def x():\n    with SessionLocal() as s:\n        yield s\n"


@pytest.mark.parametrize(
    "body",
    [
        "    return await pool.acquire()\n",
        "    c = await asyncpg.connect()\n    return await c.fetch('x')\n",
        "    if lock:\n        c = await pool.acquire()\n        await c.fetch('x')\n    return await c.fetch('x')\n",
        "    return 1\n",
    ],
    ids=["handed on", "no context manager", "used behind its block", "nothing there"],
)
async def test_what_no_with_can_hold_is_refused_with_what_a_person_would_do(tmp_path, body):
    """No patch is better than a wrong one."""
    session = await checkout(tmp_path, {"app.py": f"{HEAD}async def x():\n{body}"})
    with pytest.raises(FixFailed) as refused:
        await ReleaseConnection("app.py", 15).preview(session)
    assert refused.value.remedy
