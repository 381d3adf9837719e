"""stale_cache through papermill: its fault, a healthy server, its neighbours, the undo, a server that goes."""

import asyncio
import json

import pytest

from helpers.incident.evidence import audit
from helpers.incident.recovery import undo
from tests.runbooks.redis.state import contents

BOTH = {"services": ("postgres", "redis")}
SYSTEMS = {"systems": ("postgres", "redis")}
QUICK = {"window_s": 2.0, "delay_s": 0.5}


@pytest.mark.parametrize("variant", ["default", "hashes", "flags"])
async def test_it_deletes_just_the_keys_that_disagree(fresh_sandbox, run, variant):
    """The pattern and its table are named, the cache agrees afterwards, and the undo brings back every key with its expiry."""
    async with fresh_sandbox(**BOTH) as sandbox, sandbox.fault("stale_cache", variant=variant) as fault:
        before = await contents(sandbox.redis_url)
        result = await run("stale_cache", sandbox, apply=True, **SYSTEMS, **QUICK, **fault.parameters)
        fixed = await contents(sandbox.redis_url)
        undone, said, _ = await undo(result.folder)
        after = await contents(sandbox.redis_url)
    document = result.document
    assert (document.cause.subject if document.cause else "", document.verdict, result.exit_code) == (fault.subject, "resolved", 0), (
        document.summary
    )
    gone = len(before.keys() - fixed.keys())
    assert (0 < gone < len(before) / 2, undone, after == before) == (True, True, True), said


async def test_a_dry_run_names_it_and_changes_nothing(fresh_sandbox, run):
    """Every key and every deadline is as it was, and no value is in the evidence."""
    async with fresh_sandbox(**BOTH) as sandbox, sandbox.fault("stale_cache", variant="hashes") as fault:
        before = await contents(sandbox.redis_url)
        result = await run("stale_cache", sandbox, **SYSTEMS, **QUICK)
        after = await contents(sandbox.redis_url)
        evidence = (result.folder / "evidence.jsonl").read_text()
    document = result.document
    assert (document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1)
    assert (after == before, document.fix.applied, audit(result.folder), "CHF" in evidence) == (True, False, [], False)


async def test_a_healthy_application_is_healthy(fresh_sandbox, run):
    """Its cached customers agree with their rows, whatever a serialiser does to them."""
    async with fresh_sandbox(load_rps=20) as sandbox:
        async with asyncio.timeout(60):
            while sum(key.startswith(b"customer:") for key in await contents(sandbox.redis_url)) < 20:
                await asyncio.sleep(0.5)
        result = await run("stale_cache", sandbox, apply=True, **SYSTEMS, **QUICK)
    document = result.document
    assert (document.verdict, document.cause, result.exit_code) == ("healthy", None, 0), document.summary


async def test_without_a_database_it_says_so(fresh_sandbox, run):
    """A profile with Redis alone: inconclusive, and what to add."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("stale_cache"):
        result = await run("stale_cache", sandbox, apply=True, systems=("redis",), **QUICK)
    assert (result.document.verdict, "PostgreSQL" in result.document.summary) == ("inconclusive", True), result.document.summary


@pytest.mark.parametrize("step", ["reproduce", "investigate", "fix", "verify"])
async def test_a_database_killed_in_the_middle_of_a_step_still_ends_in_a_report(fresh_sandbox, run, step):
    """Run All reaches the report, and no cause is made up."""
    async with fresh_sandbox(**BOTH) as sandbox:
        await sandbox.break_("stale_cache")
        result = await run("stale_cache", sandbox, apply=True, kill_at=step, **SYSTEMS, **QUICK)
        written = json.loads((result.folder / "incident.json").read_text())
    assert result.document.broken is None
    assert result.document.verdict == written["verdict"]
    assert (result.document.cause is None or result.document.cause.subject == "article:{id} ↔ articles") is True
