"""cache_stampede through papermill: its fault, a healthy server, its look-alikes, the undo, a server that goes."""

import json

import pytest
import redis.asyncio

from helpers.incident.evidence import audit
from helpers.incident.recovery import undo
from tests.runbooks.redis.state import contents

REDIS = {"systems": ("redis",)}
BOTH = {"systems": ("postgres", "redis")}


@pytest.mark.parametrize("variant", ["default", "hashes"])
async def test_it_names_the_prefix_and_spreads_its_keys(fresh_sandbox, run, variant):
    """Seen expiring, missed and made anew together; with the statement that everybody sends; the undo is taken."""
    async with fresh_sandbox(services=("postgres", "redis")) as sandbox, sandbox.fault("cache_stampede", variant=variant) as fault:
        result = await run("cache_stampede", sandbox, apply=True, **BOTH)
        undone, said, _ = await undo(result.folder)
        evidence = (result.folder / "evidence.jsonl").read_text()
    document = result.document
    assert (document.cause.subject if document.cause else "", document.verdict, result.exit_code) == (fault.subject, "resolved", 0), (
        document.summary
    )
    assert (undone, "select body from tiles" in evidence) == (True, True), said


async def test_one_hot_key_is_named_with_a_patch(fresh_sandbox, run):
    """Everybody makes it anew: nothing on the server keeps them from it, so it is a proposal."""
    async with fresh_sandbox(services=("postgres", "redis")) as sandbox, sandbox.fault("cache_stampede", variant="one_key") as fault:
        result = await run("cache_stampede", sandbox, apply=True, **BOTH, **fault.parameters)
    document = result.document
    assert (document.cause.subject if document.cause else "", document.verdict) == (fault.subject, "cause_found"), document.summary
    assert (document.fix.name, document.fix.applied) == ("single_flight", False)


async def test_a_dry_run_names_it_and_changes_no_deadline(fresh_sandbox, run):
    """With Redis alone: the statements are missing, the cause is not."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("cache_stampede") as fault:
        result = await run("cache_stampede", sandbox, **REDIS)
        async with redis.asyncio.Redis.from_url(sandbox.redis_url) as client:
            sent = {name.removeprefix("cmdstat_") for name in await client.info("commandstats")}
    document = result.document
    assert (document.cause.subject if document.cause else "", document.verdict, result.exit_code) == (fault.subject, "cause_found", 1), (
        document.summary
    )
    assert (document.fix.applied, audit(result.folder), sent & {"pexpireat", "unlink", "persist"}) == (False, [], set())


async def test_a_planned_load_that_nobody_reads_is_no_stampede(fresh_sandbox, run):
    """Its keys expire together, and nobody misses them: no cause, nothing changed."""
    async with fresh_sandbox(services=("redis",)) as sandbox, redis.asyncio.Redis.from_url(sandbox.redis_url) as client:
        await client.mset({f"keep:{n}": n for n in range(50)})
        before = await contents(sandbox.redis_url)
        pipe = client.pipeline(transaction=False)
        for number in range(300):
            pipe.set(f"import:{number}", "x", ex=40)
        await pipe.execute()
        result = await run("cache_stampede", sandbox, apply=True, **REDIS)
        after = await contents(sandbox.redis_url)
    assert (result.document.verdict, result.document.cause, {k: after[k] for k in before} == before) == ("inconclusive", None, True)


async def test_a_moment_far_away_is_not_waited_for(fresh_sandbox, run):
    """It says when to run it again."""
    async with fresh_sandbox(services=("redis",)) as sandbox, redis.asyncio.Redis.from_url(sandbox.redis_url) as client:
        pipe = client.pipeline(transaction=False)
        for number in range(300):
            pipe.set(f"import:{number}", "x", ex=3000)
        await pipe.execute()
        result = await run("cache_stampede", sandbox, apply=True, **REDIS)
    assert (result.document.verdict, result.document.cause, "shortly before" in result.document.summary) == ("inconclusive", None, True)


async def test_keys_that_expire_one_by_one_are_healthy(fresh_sandbox, run):
    """Their times to live differ."""
    async with fresh_sandbox(services=("redis",)) as sandbox, redis.asyncio.Redis.from_url(sandbox.redis_url) as client:
        pipe = client.pipeline(transaction=False)
        for number in range(600):
            pipe.set(f"page:{number}", "x", ex=100 + number)
        await pipe.execute()
        result = await run("cache_stampede", sandbox, apply=True, **REDIS)
    assert (result.document.verdict, result.document.cause, result.exit_code) == ("healthy", None, 0), result.document.summary


@pytest.mark.parametrize("step", ["reproduce", "investigate", "fix", "verify"])
async def test_a_server_killed_in_the_middle_of_a_step_still_ends_in_a_report(fresh_sandbox, run, step):
    """Run All reaches the report, and no cause is made up."""
    async with fresh_sandbox(services=("redis",)) as sandbox:
        await sandbox.break_("cache_stampede")
        result = await run("cache_stampede", sandbox, apply=True, kill_at=step, **REDIS)
        written = json.loads((result.folder / "incident.json").read_text())
    assert result.document.broken is None
    assert (result.document.verdict in {"unreachable", "cause_found", "inconclusive"}, written["verdict"]) == (
        True,
        result.document.verdict,
    )
