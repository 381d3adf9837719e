"""slow_command through papermill: its fault, a healthy server, its neighbours, the undo, a server that goes."""

import asyncio
import contextlib
import json

import pytest
import redis.asyncio
from redis.exceptions import ConnectionError as Disconnected

from helpers.incident.evidence import audit
from helpers.incident.recovery import undo
from tests.runbooks.redis.state import contents

REDIS = {"systems": ("redis",)}
QUICK = {"window_s": 4.0}


async def names(sandbox) -> set[str]:
    async with redis.asyncio.Redis.from_url(sandbox.redis_url) as client:
        return {c["name"] for c in await client.client_list()}


@pytest.mark.parametrize(("variant", "job"), [("default", "report-cron"), ("script", "nightly_count")])
async def test_a_job_that_does_nothing_else_is_ended(fresh_sandbox, run, variant, job):
    """Command, key and client are named; the job's connection is gone, and the application's are not."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("slow_command", variant=variant) as fault:
        result = await run("slow_command", sandbox, apply=True, **REDIS, **QUICK)
        left = await names(sandbox)
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "resolved", 0), (
        document.summary
    )
    assert (document.fix.name, job in left, "shop-web" in left) == ("kill_slow_client", False, True)


async def test_a_big_key_that_may_go_is_unlinked_and_restored(fresh_sandbox, run):
    """Nothing is slow without it; the undo brings every element back."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("slow_command", variant="big_key") as fault:
        before = await contents(sandbox.redis_url)
        result = await run("slow_command", sandbox, apply=True, **REDIS, **QUICK, **fault.parameters)
        gone = set(before) - set(await contents(sandbox.redis_url))
        undone, said, _ = await undo(result.folder)
        after = await contents(sandbox.redis_url)
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "resolved", 0), (
        document.summary
    )
    assert (document.fix.name, gone, undone, after == before) == ("unlink_big_key", {b"Leader Board|All"}, True, True), said


async def test_without_leave_a_big_key_stays_and_the_application_gets_a_plan(fresh_sandbox, run):
    """Several connections that do other things too are not ended either."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("slow_command", variant="big_key") as fault:
        before = await contents(sandbox.redis_url)
        result = await run("slow_command", sandbox, apply=True, **REDIS, **QUICK)
        after = await contents(sandbox.redis_url)
    document = result.document
    assert (document.cause.subject, document.verdict, document.fix.name) == (fault.subject, "cause_found", "replace_slow_command")
    assert (after == before, document.fix.applied) == (True, False)


async def test_a_client_that_comes_back_does_not_pass(fresh_sandbox, run):
    """The verification sees it: ended once, and not resolved."""
    async with (
        fresh_sandbox(services=("redis",)) as sandbox,
        redis.asyncio.Redis.from_url(sandbox.redis_url, client_name="sorter") as client,
    ):
        await client.sadd("Tags", *range(40_000))
        stop = asyncio.Event()
        task = asyncio.create_task(keep_sorting(client, stop))
        result = await run("slow_command", sandbox, apply=True, **REDIS, **QUICK)
        stop.set()
        await task
    document = result.document
    assert (document.cause.subject if document.cause else "") == "SORT Tags by sorter", document.summary
    assert document.verdict in {"not_resolved", "inconclusive"}  # by how far apart the looks of a busy machine lie
    assert (document.fix.name, document.fix.undone) == ("kill_slow_client", False)


async def keep_sorting(client, stop: asyncio.Event) -> None:
    """Sort some times a second, and connect again where the connection is gone."""
    while not stop.is_set():
        with contextlib.suppress(Disconnected):
            await client.execute_command("SORT", "Tags", "ALPHA", "LIMIT", 0, 1)
        await asyncio.sleep(0.15)


async def test_a_dry_run_names_it_and_changes_nothing(fresh_sandbox, run):
    """Every key, every setting and every client is as it was."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("slow_command") as fault:
        before = await contents(sandbox.redis_url)
        result = await run("slow_command", sandbox, **REDIS, **QUICK)
        after, left = await contents(sandbox.redis_url), await names(sandbox)
    document = result.document
    assert (document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1)
    assert (after == before, "report-cron" in left, document.fix.applied, audit(result.folder)) == (True, True, False, [])


async def test_a_healthy_server_is_healthy(fresh_sandbox, run):
    """The application under load."""
    async with fresh_sandbox(load_rps=5) as sandbox:
        result = await run("slow_command", sandbox, apply=True, **REDIS, **QUICK)
    assert (result.document.verdict, result.document.cause, result.exit_code) == ("healthy", None, 0)


async def test_a_closed_slow_log_is_no_answer(fresh_sandbox, run):
    """Switched off: nothing is called sound that was not seen."""
    async with fresh_sandbox(services=("redis",)) as sandbox, redis.asyncio.Redis.from_url(sandbox.redis_url) as client:
        await client.config_set("slowlog-log-slower-than", -1)
        result = await run("slow_command", sandbox, apply=True, **REDIS, **QUICK)
    assert (result.document.verdict, result.document.cause) == ("inconclusive", None), result.document.summary


@pytest.mark.parametrize("step", ["reproduce", "investigate", "fix", "verify"])
async def test_a_server_killed_in_the_middle_of_a_step_still_ends_in_a_report(fresh_sandbox, run, step):
    """Run All reaches the report, and no cause is made up."""
    async with fresh_sandbox(services=("redis",)) as sandbox:
        await sandbox.break_("slow_command")
        result = await run("slow_command", sandbox, apply=True, kill_at=step, **REDIS, **QUICK)
        written = json.loads((result.folder / "incident.json").read_text())
    assert result.document.broken is None
    assert (result.document.verdict in {"unreachable", "cause_found", "not_resolved"}, written["verdict"]) == (
        True,
        result.document.verdict,
    )
