"""missing_ttl through papermill: its fault, a healthy server, its neighbours, the undo, a server that goes."""

import pytest
import redis.asyncio

REDIS = {"systems": ("redis",)}
QUICK = {"window_s": 3.0}


async def persistent(sandbox) -> set[bytes]:
    """The keys without an expiry."""
    async with redis.asyncio.Redis.from_url(sandbox.redis_url) as client:
        return {key async for key in client.scan_iter(count=1000) if await client.pttl(key) == -1}


@pytest.mark.parametrize("variant", ["default", "hashes", "never_set"])
async def test_it_finds_the_prefix_and_expires_its_keys(fresh_sandbox, run, variant):
    """The prefix is named as its keys are written, and few keys without an expiry are left."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("missing_ttl", variant=variant) as fault:
        result = await run("missing_ttl", sandbox, apply=True, **REDIS, **QUICK, **fault.parameters)
    document = result.document
    assert (document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "resolved", 0), document.summary
