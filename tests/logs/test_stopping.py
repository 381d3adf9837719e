"""A question that takes too long is ended, and nothing of it goes on in the background."""

import asyncio
import json
import threading
import time

import duckdb
import pytest

from helpers.errors import TimedOut
from helpers.logs.connect import open_session
from helpers.logs.files import CHUNK
from helpers.settings import Profile

ENDLESS = "select count(*) from range(100000000) a, range(1000000) b where hash(a.range + b.range) = 1"
LINE = json.dumps({"event": "request", "timestamp": "2026-03-03T08:00:00Z", "level": "info", "http_response_status_code": 200})


async def session(tmp_path, lines=100):
    (tmp_path / "a.log").write_text((LINE + "\n") * lines)
    logs = await open_session(Profile(name="p", logs=[str(tmp_path / "a.log")]), application_name="x")
    await logs.ask(lambda entries: entries.files, None)  # imports are no part of what is bounded here
    return logs


async def test_a_query_that_takes_too_long_is_ended(tmp_path):
    """It would take years; the reason and a remedy are said, and the thread came back."""
    ended = []

    def ask(logs):
        try:
            return logs.rows(ENDLESS)
        finally:
            ended.append(True)

    logs = await session(tmp_path)
    with pytest.raises(TimedOut, match=r"not read within 3 s") as said:
        await logs.ask(ask, None, timeout_s=3.0)
    assert (ended, "runbook logs summary" in said.value.remedy) == ([True], True)


async def test_so_is_every_query_after_it(tmp_path):
    """A question that goes on after an interrupted query is interrupted again."""
    tried = []

    def ask(logs):
        for number in range(3):
            tried.append(number)
            try:
                logs.rows(ENDLESS)
            except duckdb.InterruptException:
                continue

    with pytest.raises(TimedOut):
        await (await session(tmp_path)).ask(ask, None, timeout_s=3.0)
    assert tried == [0, 1, 2]


async def test_reading_ends_where_it_is(tmp_path, monkeypatch):
    """A file whose lines are still being counted is put away."""
    logs, begun = await session(tmp_path, lines=3 * CHUNK // len(LINE)), threading.Event()
    from helpers.logs import connect

    class Slow(connect.Stop):
        def progress(self, read):
            begun.set()
            while read and not self._asked.is_set():
                time.sleep(0.01)
            super().progress(read)

    monkeypatch.setattr("helpers.logs.stopping.Stop", Slow)
    with pytest.raises(TimedOut):
        await logs.ask(lambda _: pytest.fail("it was opened"), None, timeout_s=0.3)
    assert begun.is_set()


async def test_whoever_is_cancelled_is_cancelled(tmp_path):
    """Ctrl-C is no time-out; and the next question is answered."""
    logs = await session(tmp_path)
    task = asyncio.ensure_future(logs.ask(lambda entries: entries.rows(ENDLESS), None))
    await asyncio.wait([task], timeout=0.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await logs.ask(lambda entries: entries.rows("select count(*) from entries"), None) == [(100,)]
