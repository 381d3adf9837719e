"""missing_ttl through papermill: its fault, a healthy server, its neighbours, the undo, a server that goes or hangs."""

import asyncio
import json

import pytest
import redis.asyncio

from helpers.incident.evidence import audit
from helpers.incident.recovery import undo
from tests.runbooks.redis.state import contents, persistent

REDIS = {"systems": ("redis",)}
QUICK = {"window_s": 3.0}


@pytest.mark.parametrize("variant", ["default", "hashes", "never_set"])
async def test_it_finds_the_prefix_and_expires_its_keys(fresh_sandbox, run, variant):
    """The prefix is named as its keys are written, and few keys without an expiry are left; the undo makes exactly these persistent."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("missing_ttl", variant=variant) as fault:
        before = await persistent(sandbox.redis_url)
        result = await run("missing_ttl", sandbox, apply=True, **REDIS, **QUICK, **fault.parameters)
        left = len(await persistent(sandbox.redis_url) & before)
        undone, said, _ = await undo(result.folder)
        after = await persistent(sandbox.redis_url)
    document = result.document
    assert (document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "resolved", 0), document.summary
    assert (left <= len(before) // 100, undone, before <= after) == (True, True, True), said


async def test_a_dry_run_names_it_and_changes_nothing(fresh_sandbox, run):
    """Every key, every deadline and every setting is as it was."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("missing_ttl", variant="never_set") as fault:
        before = await contents(sandbox.redis_url)
        result = await run("missing_ttl", sandbox, **REDIS, **QUICK, **fault.parameters)
        after = await contents(sandbox.redis_url)
    document = result.document
    assert (document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1)
    assert (after == before, document.fix.applied, audit(result.folder)) == (True, False, [])


async def test_without_the_prefix_keys_that_never_had_an_expiry_are_no_cause(fresh_sandbox, run):
    """Whether keys are meant to stay is not written on the server: inconclusive, and it says what to give."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("missing_ttl", variant="never_set"):
        result = await run("missing_ttl", sandbox, apply=True, **REDIS, **QUICK)
    document = result.document
    assert (document.verdict, document.cause, "give the prefix" in document.summary) == ("inconclusive", None, True)


async def test_a_queue_whose_jobs_get_an_expiry_when_done_is_not_it(fresh_sandbox, run):
    """Half of its keys have no expiry, but none loses one: jobs that wait are meant to stay until they are done."""
    async with fresh_sandbox(services=("redis",)) as sandbox, redis.asyncio.Redis.from_url(sandbox.redis_url) as client:
        for number in range(400):
            await client.set(f"rq:job:{number}", "x", ex=500 if number % 2 else None)
        result = await run("missing_ttl", sandbox, apply=True, **REDIS, **QUICK)
    assert (result.document.verdict, result.document.cause) == ("inconclusive", None)


async def test_a_healthy_server_is_healthy(fresh_sandbox, run):
    """The application under load: its keys expire."""
    async with fresh_sandbox(load_rps=5) as sandbox:
        result = await run("missing_ttl", sandbox, apply=True, **REDIS, **QUICK)
    assert (result.document.verdict, result.document.cause, result.exit_code) == ("healthy", None, 0)


async def test_a_hung_server_is_unreachable_with_a_report(fresh_sandbox, run):
    """SIGSTOP: it accepts connections and never answers."""
    async with fresh_sandbox(services=("redis",)) as sandbox:
        await sandbox.suspend("redis")
        result = await run("missing_ttl", sandbox, **REDIS, **QUICK)
        await sandbox.resume("redis")
    report = (result.folder / "report.html").stat().st_size
    assert (result.document.verdict, result.exit_code, report > 1000) == ("unreachable", 3, True)


@pytest.mark.parametrize("step", ["reproduce", "investigate", "fix", "verify"])
async def test_a_server_killed_in_the_middle_of_a_step_still_ends_in_a_report(fresh_sandbox, run, step):
    """Run All reaches the report, and no cause is made up."""
    async with fresh_sandbox(services=("redis",)) as sandbox:
        fault = await sandbox.break_("missing_ttl", variant="never_set")
        result = await run("missing_ttl", sandbox, apply=True, kill_at=step, **REDIS, **QUICK, **fault.parameters)
        written = json.loads((result.folder / "incident.json").read_text())
    assert result.document.broken is None
    assert (result.document.verdict in {"unreachable", "cause_found"}, written["verdict"]) == (True, result.document.verdict)


async def test_an_undo_after_a_restart_finds_the_same_server(fresh_sandbox, run):
    """The identity holds over a restart; the keys are gone (this server keeps nothing on disk), so there is nothing to put back."""
    async with fresh_sandbox(services=("redis",)) as sandbox:
        fault = await sandbox.break_("missing_ttl", variant="never_set")
        result = await run("missing_ttl", sandbox, apply=True, **REDIS, **QUICK, **fault.parameters)
        await sandbox.kill("redis")
        await asyncio.sleep(0)
        await sandbox.start_service("redis")
        undone, said, _ = await undo(result.folder)
    assert undone, said
