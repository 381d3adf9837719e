"""eviction_churn through papermill: its fault, a healthy server, its neighbours, the undo, a server that goes."""

import json

import pytest
import redis.asyncio

from helpers.incident.recovery import undo

REDIS = {"systems": ("redis",)}
QUICK = {"window_s": 4.0}


async def limit(sandbox) -> str:
    async with redis.asyncio.Redis.from_url(sandbox.redis_url) as client:
        return (await client.config_get("maxmemory"))["maxmemory"]


@pytest.mark.parametrize("variant", ["default", "volatile_ttl"])
async def test_it_names_who_is_evicted_by_whom_and_makes_room(fresh_sandbox, run, variant):
    """Nothing is evicted afterwards, and the undo sets the old limit."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("eviction_churn", variant=variant) as fault:
        before = await limit(sandbox)
        result = await run("eviction_churn", sandbox, apply=True, **REDIS, **QUICK)
        undone, said, _ = await undo(result.folder)
        after = await limit(sandbox)
    document = result.document
    assert (document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "resolved", 0), document.summary
    assert (undone, after) == (True, before), said


async def test_a_healthy_server_is_healthy(fresh_sandbox, run):
    """The application under load."""
    async with fresh_sandbox(load_rps=5) as sandbox:
        result = await run("eviction_churn", sandbox, apply=True, **REDIS, **QUICK)
    assert (result.document.verdict, result.document.cause, result.exit_code) == ("healthy", None, 0)


@pytest.mark.parametrize("step", ["investigate", "fix"])
async def test_a_server_killed_in_the_middle_of_a_step_still_ends_in_a_report(fresh_sandbox, run, step):
    """Run All reaches the report, and no cause is made up."""
    async with fresh_sandbox(services=("redis",)) as sandbox:
        await sandbox.break_("eviction_churn")
        result = await run("eviction_churn", sandbox, apply=True, kill_at=step, **REDIS, **QUICK)
        written = json.loads((result.folder / "incident.json").read_text())
    assert result.document.broken is None
    assert (result.document.verdict in {"unreachable", "cause_found"}, written["verdict"]) == (True, result.document.verdict)
