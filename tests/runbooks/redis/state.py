"""All that a Redis holds, byte by byte: what a dry run must not change, and an undo must bring back."""

from __future__ import annotations

from typing import Any

import redis.asyncio

SETTINGS = ("maxmemory", "maxmemory-policy", "maxclients", "timeout", "client-output-buffer-limit", "save", "min-replicas-to-write")


async def persistent(url: str) -> set[bytes]:
    """Return the keys without an expiry."""
    async with redis.asyncio.Redis.from_url(url) as client:
        keys = [key async for key in client.scan_iter(count=1000)]
        pipe = client.pipeline(transaction=False)
        for key in keys:
            pipe.pttl(key)
        return {key for key, ttl in zip(keys, await pipe.execute(), strict=True) if ttl == -1}


async def contents(url: str) -> dict[bytes, Any]:
    """Return each key's DUMP and whether it expires, and the settings a fix may change."""
    async with redis.asyncio.Redis.from_url(url) as client:
        keys = [key async for key in client.scan_iter(count=1000)]
        pipe = client.pipeline(transaction=False)
        for key in keys:
            pipe.dump(key)
            pipe.pexpiretime(key)
        replies = await pipe.execute() if keys else []
        found: dict[bytes, Any] = {key: (replies[2 * n], replies[2 * n + 1]) for n, key in enumerate(keys)}
        for name in SETTINGS:
            found[b"CONFIG " + name.encode()] = (await client.config_get(name)).get(name)
        return found


async def commands(url: str) -> set[str]:
    """Return the names of all commands this server has been sent since it started, lower case."""
    async with redis.asyncio.Redis.from_url(url, driver_info=None) as client:
        return {name.removeprefix("cmdstat_") for name in await client.info("commandstats")}
