"""Several requests are tried for one runbook until one names a cause; the best answer stands, also when the time ends."""

import asyncio
import time
from types import SimpleNamespace

import pytest

from helpers.runner.catalogue import find_runbook
from helpers.triage import board
from helpers.triage.finding import Finding, State
from helpers.triage.leads import Leads

INFO = find_runbook("function_crash")
LEADS = Leads(failing=("GET /a", "GET /b", "GET /c"), asked=True)


async def walked(monkeypatch, tmp_path, *states, leads=LEADS, ends_after=None, took_s=0.0):
    """The requests that were tried, the finding, and what stands; the walk after `ends_after` never ends."""
    tried = []

    async def walk(info, given, loan, *, most_s):
        tried.append(given.get("endpoint", ""))
        if len(tried) == ends_after:
            await asyncio.sleep(60)
        state = states[len(tried) - 1]
        missing = ("endpoint",) if state is State.UNASKED else ()
        return Finding(info.name, info.area, info.title, state, given.get("endpoint", ""), missing=missing, took_s=took_s)

    monkeypatch.setattr(board, "walk", walk)
    walker = board._Walker(SimpleNamespace(folder=tmp_path), {}, leads, {}, None, time.monotonic() + 60)
    try:
        async with asyncio.timeout(0.2):
            found = await walker._walked(INFO, SimpleNamespace())
    except TimeoutError:
        found = None
    return tried, found and found.summary, walker._findings[INFO.name].state


@pytest.mark.parametrize(
    ("states", "tried", "stands"),
    [
        ([State.CAUSE], 1, "GET /a"),
        ([State.SYMPTOM, State.CAUSE], 2, "GET /b"),
        ([State.SYMPTOM, State.SOUND, State.UNASKED], 3, "GET /a"),
        ([State.UNASKED, State.SOUND, State.SYMPTOM], 3, "GET /c"),
    ],
    ids=str,
)
async def test_the_best_answer_stands(monkeypatch, tmp_path, states, tried, stands):
    """A cause ends it, a symptom does not."""
    seen, summary, state = await walked(monkeypatch, tmp_path, *states)
    assert (len(seen), summary, state) == (tried, stands, states["abc".index(stands[-1])])


async def test_a_request_that_hung_is_not_followed_by_another_at_once(monkeypatch, tmp_path):
    """The others are walked first; its answer stands, and the next call goes on."""
    assert await walked(monkeypatch, tmp_path, State.SYMPTOM, took_s=9.0) == (["GET /a"], "GET /a", State.SYMPTOM)


async def test_what_was_found_before_the_time_ended_stands(monkeypatch, tmp_path):
    """The next request hangs."""
    assert await walked(monkeypatch, tmp_path, State.SYMPTOM, ends_after=2) == (["GET /a", "GET /b"], None, State.SYMPTOM)


async def test_who_has_to_be_told_a_request_is_told_the_slowest(monkeypatch, tmp_path):
    """Once, after it said so."""
    leads = Leads(slowest=("GET /s", "GET /t"))
    seen, summary, _ = await walked(monkeypatch, tmp_path, State.UNASKED, State.SOUND, State.SOUND, leads=leads)
    assert (seen, summary) == (["", "GET /s", "GET /t"], "GET /s")
