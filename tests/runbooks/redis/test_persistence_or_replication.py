"""persistence_or_replication through papermill: each condition, a dry run, a healthy server, its neighbours, a server that goes."""

import asyncio
import json
from urllib.parse import unquote, urlsplit

import pytest
import redis.asyncio

from helpers.incident.evidence import audit
from helpers.incident.recovery import undo
from tests.runbooks.redis.state import SETTINGS

REDIS = {"systems": ("redis",)}
QUICK = {"window_s": 4.0}
FIXES = {"default": "set_stop_writes_on_bgsave_error", "lost_replica": "set_min_replicas_to_write", "disk_back": "retry_save"}
PROPOSED = ("failed_over", "link_down")
WATCHED = (*SETTINGS, "stop-writes-on-bgsave-error", "replica-read-only")


async def settings(sandbox) -> dict[str, str]:
    """The settings a fix may change, and one it never may."""
    async with redis.asyncio.Redis.from_url(sandbox.redis_url) as client:
        return {name: (await client.config_get(name)).get(name, "") for name in WATCHED}


@pytest.mark.parametrize("variant", list(FIXES))
async def test_it_names_the_condition_and_writes_work_again(fresh_sandbox, run, variant):
    """The fix fits the condition, the same probe says so, and the undo sets the old value."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("persistence_or_replication", variant=variant) as fault:
        before = await settings(sandbox)
        result = await run("persistence_or_replication", sandbox, apply=True, **REDIS, **QUICK, **fault.parameters)
        changed = await settings(sandbox) != before
        _, said, _ = await undo(result.folder)
        after = await settings(sandbox)
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "resolved", 0), (
        document.summary
    )
    assert (document.fix.name, changed, after == before) == (FIXES[variant], variant != "disk_back", True), said


@pytest.mark.parametrize("variant", PROPOSED)
async def test_what_a_person_must_repair_is_named_and_proposed(fresh_sandbox, run, variant):
    """Nothing is changed, nobody is promoted."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("persistence_or_replication", variant=variant) as fault:
        before = await settings(sandbox)
        result = await run("persistence_or_replication", sandbox, apply=True, stop_gap=True, **REDIS, **QUICK)
        after = await settings(sandbox)
        async with redis.asyncio.Redis.from_url(sandbox.redis_url) as client:
            role = (await client.info("replication"))["role"]
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1), (
        document.summary
    )
    assert (document.fix.name, document.fix.applied, after == before, role) == ("repair_condition", False, True, "slave")


async def test_without_stop_gap_a_disk_that_is_broken_stays_a_finding(fresh_sandbox, run):
    """The save is tried again and fails again; safety is not given up, writes stay refused, and the report says what to repair."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("persistence_or_replication") as fault:
        before = await settings(sandbox)
        result = await run("persistence_or_replication", sandbox, apply=True, **REDIS, **QUICK)
        after = await settings(sandbox)
    document = result.document
    assert (document.cause.subject, document.verdict, document.fix.name, after == before) == (
        fault.subject,
        "not_resolved",
        "retry_save",
        True,
    )
    assert "The save failed again" in document.summary


async def test_a_dry_run_changes_nothing(fresh_sandbox, run):
    """The condition is named, the stop-gap previewed."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("persistence_or_replication") as fault:
        before = await settings(sandbox)
        result = await run("persistence_or_replication", sandbox, **REDIS, **QUICK, **fault.parameters)
        after = await settings(sandbox)
    document = result.document
    assert (document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1)
    assert (after == before, document.fix.applied, audit(result.folder)) == (True, False, [])


async def test_a_healthy_server_is_healthy(fresh_sandbox, run):
    """The application under load."""
    async with fresh_sandbox(load_rps=5) as sandbox:
        result = await run("persistence_or_replication", sandbox, apply=True, stop_gap=True, **REDIS, **QUICK)
    assert (result.document.verdict, result.document.cause, result.exit_code) == ("healthy", None, 0)


@pytest.mark.parametrize("fault", ["memory_full", "client_exhaustion"])
async def test_a_neighbour_is_not_taken_for_it(fresh_sandbox, run, fault):
    """Refusals for memory or for slots are none of these."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault(fault):
        result = await run("persistence_or_replication", sandbox, apply=True, stop_gap=True, **REDIS, **QUICK)
    assert (result.document.verdict in {"healthy", "inconclusive"}, result.document.cause) == (True, None), result.document.summary


@pytest.mark.parametrize("variant", ["default", "failed_over"])
async def test_its_refusals_are_not_blamed_on_the_memory(fresh_sandbox, run, variant):
    """memory_full sees refused writes, and names this failure mode."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("persistence_or_replication", variant=variant):
        result = await run("memory_full", sandbox, **REDIS, **QUICK)
    assert (result.document.verdict, result.document.other) == ("other_cause", "persistence_or_replication"), result.document.summary


async def load_slowly(sandbox, other) -> None:
    """Let the sandbox's server take over the other's keys, two milliseconds each; returns when it loads."""
    primary = urlsplit(other.redis_url)
    async with redis.asyncio.Redis.from_url(other.redis_url) as client:
        for start in range(0, 20_000, 1000):
            await client.mset({f"page:{n}": n for n in range(start, start + 1000)})
        await client.config_set("repl-diskless-sync-delay", 0)
    async with redis.asyncio.Redis.from_url(sandbox.redis_url) as client:
        slow = {"key-load-delay": 2000, "loading-process-events-interval-bytes": 1024, "masterauth": unquote(primary.password or "")}
        for name, value in slow.items():
            await client.config_set(name, value)
        await client.replicaof("127.0.0.1", primary.port)
        async with asyncio.timeout(20):
            while not (await client.info("persistence"))["loading"]:
                await asyncio.sleep(0.05)


async def test_a_loading_server_is_named_and_not_called_unreachable(fresh_sandbox, run):
    """It refuses PING too, and INFO tells how long it takes."""
    async with fresh_sandbox(services=("redis",)) as sandbox, fresh_sandbox(services=("redis",)) as other:
        await load_slowly(sandbox, other)
        result = await run("persistence_or_replication", sandbox, **REDIS, **QUICK)
    subject = result.document.cause.subject if result.document.cause else ""
    assert (subject, result.document.verdict) == ("LOADING: the data is being read back", "cause_found"), result.document.summary


@pytest.mark.parametrize("step", ["reproduce", "investigate", "fix", "verify"])
async def test_a_server_killed_in_the_middle_of_a_step_still_ends_in_a_report(fresh_sandbox, run, step):
    """Run All reaches the report, and no cause is made up."""
    async with fresh_sandbox(services=("redis",)) as sandbox:
        fault = await sandbox.break_("persistence_or_replication")
        result = await run("persistence_or_replication", sandbox, apply=True, kill_at=step, **REDIS, **QUICK, **fault.parameters)
        written = json.loads((result.folder / "incident.json").read_text())
    assert result.document.broken is None
    assert (result.document.verdict in {"unreachable", "cause_found", "inconclusive"}, written["verdict"]) == (
        True,
        result.document.verdict,
    )
