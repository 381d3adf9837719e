"""stuck_rate_limit through papermill: its fault, a healthy server, its look-alikes, the undo, a server that goes."""

import asyncio
import json

import pytest
import redis.asyncio

from helpers.incident.evidence import audit
from helpers.incident.recovery import undo
from tests.runbooks.redis.state import persistent

REDIS = {"systems": ("redis",)}
QUICK = {"window_s": 3.0}


@pytest.mark.parametrize("variant", ["default", "per_hour", "one_user"])
async def test_it_names_the_limit_and_its_counters_end(fresh_sandbox, run, variant):
    """No counter without an expiry is left; the undo makes exactly these persistent again."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("stuck_rate_limit", variant=variant) as fault:
        before = await persistent(sandbox.redis_url)
        result = await run("stuck_rate_limit", sandbox, apply=True, **REDIS, **QUICK, **fault.parameters)
        left = await persistent(sandbox.redis_url)
        undone, said, _ = await undo(result.folder)
        after = await persistent(sandbox.redis_url)
    document = result.document
    assert (document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "resolved", 0), document.summary
    assert (left, undone, after == before) == (set(), True, True), said


async def test_a_dry_run_names_it_and_changes_nothing(fresh_sandbox, run):
    """The counters go on counting without an expiry."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("stuck_rate_limit") as fault:
        before = await persistent(sandbox.redis_url)
        result = await run("stuck_rate_limit", sandbox, **REDIS, **QUICK)
        after = await persistent(sandbox.redis_url)
    document = result.document
    assert (document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1)
    assert (after == before, document.fix.applied, audit(result.folder)) == (True, False, [])


async def test_a_healthy_server_is_healthy(fresh_sandbox, run):
    """The application under load counts its clients, and every counter expires."""
    async with fresh_sandbox(load_rps=8) as sandbox:
        result = await run("stuck_rate_limit", sandbox, apply=True, **REDIS, **QUICK)
    assert (result.document.verdict, result.document.cause, result.exit_code) == ("healthy", None, 0)


async def test_numbers_that_are_meant_to_stay_are_no_cause(fresh_sandbox, run):
    """Cached ids of which some are pinned: they do not count, so whether they are meant to stay is not known."""
    async with fresh_sandbox(services=("redis",)) as sandbox, redis.asyncio.Redis.from_url(sandbox.redis_url) as client:
        for number in range(300):
            await client.set(f"account-id:{number}", 70_000 + 13 * number, ex=None if number % 30 == 0 else 900)
        result = await run("stuck_rate_limit", sandbox, apply=True, **REDIS, **QUICK)
    document = result.document
    assert (document.verdict, document.cause, "give the prefix" in document.summary) == ("inconclusive", None, True)


async def test_page_views_that_all_stay_are_healthy(fresh_sandbox, run):
    """A prefix of counters none of which expires is meant to be like that, unless it is named."""
    async with fresh_sandbox(services=("redis",)) as sandbox, redis.asyncio.Redis.from_url(sandbox.redis_url) as client:
        await client.mset({f"views:{number}": number for number in range(300)})
        plain = await run("stuck_rate_limit", sandbox, apply=True, **REDIS, **QUICK)
        named = await run("stuck_rate_limit", sandbox, apply=True, prefix="views:{id}", ttl_s=60.0, **REDIS, **QUICK)
    assert (plain.document.verdict, named.document.verdict, named.document.other) == ("healthy", "other_cause", "missing_ttl")


async def test_a_limit_that_never_fires_is_named_where_its_window_is_given(fresh_sandbox, run):
    """PEXPIRE with seconds: each counter ends after 90 ms, and nobody is ever refused; in its right window it is healthy."""
    async with fresh_sandbox(services=("redis",)) as sandbox, redis.asyncio.Redis.from_url(sandbox.redis_url) as client:
        stop = asyncio.Event()
        task = asyncio.create_task(limit(client, stop))
        result = await run("stuck_rate_limit", sandbox, apply=True, prefix="api:hits:{id}", ttl_s=90.0, **REDIS, **QUICK)
        right = await run("stuck_rate_limit", sandbox, apply=True, prefix="api:right:{id}", ttl_s=90.0, **REDIS, **QUICK)
        stop.set()
        await task
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict) == ("api:hits:{id}", "cause_found"), document.summary
    assert (document.fix.name, document.fix.applied, right.document.verdict) == ("count_atomically", False, "healthy")


async def limit(client, stop: asyncio.Event) -> None:
    """Count forty users, one limit wrongly and one rightly."""
    number = 0
    while not stop.is_set():
        number += 1
        for name, expire in (("hits", client.pexpire), ("right", client.expire)):
            for user in range(number % 40, number % 40 + 8):
                if await client.incr(f"api:{name}:{user}") == 1:
                    await expire(f"api:{name}:{user}", 90)
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("step", ["reproduce", "investigate", "fix", "verify"])
async def test_a_server_killed_in_the_middle_of_a_step_still_ends_in_a_report(fresh_sandbox, run, step):
    """Run All reaches the report, and no cause is made up."""
    async with fresh_sandbox(services=("redis",)) as sandbox:
        await sandbox.break_("stuck_rate_limit")
        result = await run("stuck_rate_limit", sandbox, apply=True, kill_at=step, **REDIS, **QUICK)
        written = json.loads((result.folder / "incident.json").read_text())
    assert result.document.broken is None
    assert (result.document.verdict in {"unreachable", "cause_found"}, written["verdict"]) == (True, result.document.verdict)
