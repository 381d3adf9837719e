"""memory_full through papermill: its fault, a healthy server, its neighbours, the undo, a server that goes."""

import asyncio
import contextlib
import json

import pytest
import redis.asyncio
from redis.exceptions import OutOfMemoryError

from helpers.incident.evidence import audit
from helpers.incident.recovery import undo
from tests.runbooks.redis.state import SETTINGS

REDIS = {"systems": ("redis",)}
QUICK = {"window_s": 4.0}


async def settings(sandbox) -> dict[str, str]:
    async with redis.asyncio.Redis.from_url(sandbox.redis_url) as client:
        return {name: (await client.config_get(name)).get(name, "") for name in SETTINGS}


@pytest.mark.parametrize("variant", ["default", "expiring_cache", "volatile_policy"])
async def test_it_names_the_prefix_and_the_policy_and_writes_work_again(fresh_sandbox, run, variant):
    """The fix fits the prefix, the same probe says so, and the undo sets the old value."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("memory_full", variant=variant) as fault:
        before = await settings(sandbox)
        result = await run("memory_full", sandbox, apply=True, **REDIS, **QUICK)
        changed = await settings(sandbox) != before
        undone, said, _ = await undo(result.folder)
        after = await settings(sandbox)
    document = result.document
    assert (document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "resolved", 0), document.summary
    assert document.fix.name == ("set_maxmemory_policy" if variant == "expiring_cache" else "set_maxmemory")
    assert (changed, undone, after == before) == (True, True, True), said


async def test_a_dry_run_names_it_and_changes_nothing(fresh_sandbox, run):
    """The settings are as they were."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("memory_full") as fault:
        before = await settings(sandbox)
        result = await run("memory_full", sandbox, **REDIS, **QUICK)
        after = await settings(sandbox)
    document = result.document
    assert (document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1)
    assert (after == before, document.fix.applied, audit(result.folder)) == (True, False, [])


async def test_a_healthy_server_is_healthy(fresh_sandbox, run):
    """The application under load."""
    async with fresh_sandbox(load_rps=5) as sandbox:
        result = await run("memory_full", sandbox, apply=True, **REDIS, **QUICK)
    assert (result.document.verdict, result.document.cause, result.exit_code) == ("healthy", None, 0)


async def test_one_large_key_is_found_although_a_sample_misses_it(fresh_sandbox, run):
    """What random keys do not explain is looked for among all keys."""
    async with fresh_sandbox(services=("redis",)) as sandbox, redis.asyncio.Redis.from_url(sandbox.redis_url) as client:
        for start in range(0, 30_000, 1000):
            await client.mset({f"tag:{number}": "x" for number in range(start, start + 1000)})
        await client.setrange("export:all.csv", 40 << 20, b"x")
        await client.config_set("maxmemory", (await client.info("memory"))["used_memory"] - (1 << 20))
        async with redis.asyncio.Redis.from_url(sandbox.redis_url) as writer:
            stop = asyncio.Event()
            task = asyncio.create_task(keep_writing(writer, stop))
            result = await run("memory_full", sandbox, **REDIS, **QUICK)
            stop.set()
            await task
    assert (result.document.cause.subject if result.document.cause else "", result.document.verdict) == (
        "export:all.csv under noeviction",
        "cause_found",
    ), result.document.summary


async def keep_writing(client, stop: asyncio.Event) -> None:
    """Write ten times a second, whatever the server says."""
    while not stop.is_set():
        with contextlib.suppress(OutOfMemoryError):
            await client.set("draft:1", "x")
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("step", ["reproduce", "investigate", "fix", "verify"])
async def test_a_server_killed_in_the_middle_of_a_step_still_ends_in_a_report(fresh_sandbox, run, step):
    """Run All reaches the report, and no cause is made up."""
    async with fresh_sandbox(services=("redis",)) as sandbox:
        await sandbox.break_("memory_full")
        result = await run("memory_full", sandbox, apply=True, kill_at=step, **REDIS, **QUICK)
        written = json.loads((result.folder / "incident.json").read_text())
    assert result.document.broken is None
    assert (result.document.verdict in {"unreachable", "cause_found"}, written["verdict"]) == (True, result.document.verdict)
