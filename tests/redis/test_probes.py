"""The probes: what they measure on a real server, and what they say when it does not tell."""

import asyncio
import contextlib

import pytest
from redis.exceptions import OutOfMemoryError

from helpers import redis
from helpers.errors import ParameterError, Unreachable

SHORT = {"window_s": 1.0, "every_s": 0.1}


async def test_keys_without_expiry_is_the_share_the_server_counts(admin, session):
    """0 without keys; three of four."""
    empty = await redis.keys_without_expiry(**SHORT).measure({"redis": session})
    await admin.mset({"a": 1, "b": 1, "c": 1})
    await admin.set("d", 1, ex=100)
    some = await redis.keys_without_expiry(**SHORT).measure({"redis": session})
    assert ({s.value for s in empty}, {s.value for s in some}, len(some)) == ({0.0}, {75.0}, 10)


async def test_refused_writes_are_counted_per_second(admin, session):
    """None while writes are taken; those refused for lack of memory."""
    await admin.set("a", 1)
    fine = await redis.refused_writes(**SHORT).measure({"redis": session})
    await admin.config_set("maxmemory", 100_000)
    stop = asyncio.Event()

    async def write() -> None:
        while not stop.is_set():
            with contextlib.suppress(OutOfMemoryError):
                await admin.set("a", "x")
            await asyncio.sleep(0.01)

    task = asyncio.create_task(write())
    full = await redis.refused_writes(**SHORT).measure({"redis": session})
    stop.set()
    await task
    assert (sum(s.value for s in fine), sum(s.value for s in full) > 0) == (0.0, True)


async def test_evicted_keys_are_counted_per_second(admin, session):
    """None while there is room; those that made room."""
    fine = await redis.evicted_keys(**SHORT).measure({"redis": session})
    await admin.config_set("maxmemory-policy", "allkeys-lru")
    await admin.config_set("maxmemory", (await admin.info("memory"))["used_memory"] + (1 << 20))
    stop = asyncio.Event()

    async def write() -> None:
        number = 0
        while not stop.is_set():
            await admin.mset({f"a:{number + n}": "x" * 1000 for n in range(100)})
            number += 100

    task = asyncio.create_task(write())
    full = await redis.evicted_keys(**SHORT).measure({"redis": session})
    stop.set()
    await task
    assert (sum(s.value for s in fine), sum(s.value for s in full) > 0) == (0.0, True)


async def test_a_counter_that_was_reset_is_no_negative_rate(admin, session):
    """CONFIG RESETSTAT in the middle."""
    probe = redis.evicted_keys(window_s=0.6, every_s=0.1)
    task = asyncio.create_task(probe.measure({"redis": session}))
    await asyncio.sleep(0)
    await admin.config_resetstat()
    assert all(s.value >= 0 for s in await task)


async def test_a_server_that_is_gone_is_unreachable(own_redis, session):
    """Not zero."""
    await own_redis.kill("redis")
    with pytest.raises(Unreachable):
        await redis.refused_writes(**SHORT).measure({"redis": session})


def test_impossible_windows_are_refused():
    """Looks must fit the window."""
    with pytest.raises(ParameterError):
        redis.evicted_keys(window_s=0.1, every_s=1.0)
