"""memory_full through papermill: its fault, a healthy server, its neighbours, the undo, a server that goes."""

import pytest
import redis.asyncio

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
