"""thread_limit: a patch of the lifespan, wherever it is, or of the number that is set already."""

import pytest

from helpers.errors import FixFailed, ParameterError
from helpers.git.fixes.thread_limit import ThreadLimit
from tests.git.checkouts import checkout, patched

APP = "from fastapi import FastAPI\nfrom service.start import life\n\napi = FastAPI(lifespan=life)\n"
START = '''"""Starts."""
from contextlib import asynccontextmanager


@asynccontextmanager
async def life(app):
    """Begin and end."""
    app.state.ready = True
    yield
'''
LINE = "anyio.to_thread.current_default_thread_limiter().total_tokens = "


async def test_the_lifespan_is_found_where_it_was_imported_from(tmp_path):
    """The line comes behind the docstring, the import to the others."""
    session = await checkout(tmp_path, {"service/app.py": APP, "service/start.py": START})
    _, files = await patched(tmp_path, session, ThreadLimit(60))
    assert f'    """Begin and end."""\n    {LINE}60\n    app.state.ready = True\n' in files["service/start.py"]
    assert "\nimport anyio.to_thread\n" in files["service/start.py"]


async def test_a_number_that_is_set_is_changed(tmp_path):
    """In one place only."""
    text = START.replace(
        "    app.state.ready",
        "    limiter = anyio.to_thread.current_default_thread_limiter()\n    limiter.total_tokens = 8\n    app.state.ready",
    )
    session = await checkout(tmp_path, {"service/app.py": APP, "service/start.py": text})
    diff, _ = await patched(tmp_path, session, ThreadLimit(60))
    changed = [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert changed == ["-    limiter.total_tokens = 8", "+    limiter.total_tokens = 60"]


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (START.replace("    app.state.ready", "    limiter.total_tokens = settings.threads\n    app.state.ready"), "settings.threads"),
        ("", "no lifespan"),
    ],
)
async def test_what_cannot_be_patched_is_said_with_what_a_person_would_do(tmp_path, start, said):
    """A setting elsewhere, or no lifespan at all."""
    session = await checkout(tmp_path, {"service/app.py": APP, "service/start.py": start})
    with pytest.raises(FixFailed, match=said) as refused:
        await ThreadLimit(60).preview(session)
    assert "60" in refused.value.remedy


@pytest.mark.parametrize("threads", [0, -1, 100_000])
def test_impossible_numbers_are_refused(threads):
    """Before anything is read."""
    with pytest.raises(ParameterError):
        ThreadLimit(threads)
