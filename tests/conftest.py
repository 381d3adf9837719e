"""Real servers for the tests: one sandbox per worker, and fresh ones for tests that break things."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
import pytest_asyncio

from helpers import redaction
from helpers.sandbox import Sandbox
from tests.rotation import seed

# A shell ignores Ctrl-C for what it runs in the background, nohup a hang-up, and what is started there inherits it: tests of them must not.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_report_header() -> str:
    """Which share of the runbooks' long tests runs."""
    return f"runbook tests: 1 in {os.environ.get('RUNBOOK_SHARE', '1')}, seed {seed()}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Which tests passed only when they were run once more: real servers on a busy machine, or a test to repair."""
    for report in terminalreporter.stats.get("rerun", []):
        said = str(report.longrepr).strip().splitlines()[-1:] if report.longrepr else []
        terminalreporter.write_line(f"RERUN {report.nodeid}: {' '.join(said)[:200]}")


@pytest.fixture(autouse=True)
def forgotten_secrets() -> Iterator[None]:
    """A process remembers secrets for its life: what one test registers may be an ordinary word in a later one."""
    known = dict(redaction._secrets)
    yield
    redaction._secrets.clear()
    redaction._secrets.update(known)


SMALL = 60_000  # orders: a scan of them is slow beside an index, and they are there in a second


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sandbox_server() -> AsyncIterator[Sandbox]:
    """PostgreSQL, Redis and the demo application without load; shared by the tests of one worker, which leave it as it was."""
    async with Sandbox.start(load_rps=0, rows=SMALL) as sandbox:
        yield sandbox


@pytest.fixture
def fresh_sandbox() -> Callable[..., AbstractAsyncContextManager[Sandbox]]:
    """A factory of sandboxes of one's own; it takes what Sandbox.start takes, with few rows and no load by default."""

    def start(**arguments: Any) -> AbstractAsyncContextManager[Sandbox]:
        if "web" in arguments.get("services", ()) and not (shutil.which("node") and shutil.which("npm")):
            pytest.skip("the web application needs node and npm on PATH")
        return Sandbox.start(**{"load_rps": 0, "rows": SMALL, **arguments})

    return start
