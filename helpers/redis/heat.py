"""Which keys the traffic goes to, without MONITOR: from what the server notes at each key anyway.

Under an LFU policy that is a counter of accesses (OBJECT FREQ), read twice. Under any other it is the time of the last access (OBJECT
IDLETIME), which cannot count, but proves which keys were *not* touched: a type with one touched key had all its commands there. Neither
question touches a key. Both need all keys to be looked at.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from helpers.errors import Refused
from helpers.redis.connect import Redis
from helpers.redis.deltas import Delta, Reading, read, subtract, watch
from helpers.redis.families import keyed_calls
from helpers.redis.lfu import Rise, rise

__all__ = ["Heat", "measure"]

MOST_KEYS = 200_000  # one question each, some microseconds of the server's time
MOST_TOUCHED = 5000
PAGE = 500
MINUTE_S = 60  # LFU counters decay when a minute begins (lfu-decay-time)
GLANCE_S = 1.0
PASSES_S = 10.0  # two looks at every key
_DATABASES = 1


@dataclass(frozen=True, slots=True)
class Heat:
    """What was found: `rises` by key under an LFU policy, else `touched` keys by type; `reason` says why neither could be measured.

    `exposed_s` is the time between two looks at one key, in s.
    """

    delta: Delta
    policy: str
    exposed_s: float = 0.0
    rises: Mapping[bytes, Rise] = field(default_factory=dict)
    touched: Mapping[str, list[bytes]] = field(default_factory=dict)
    reason: str = ""

    @property
    def counts(self) -> bool:
        """Whether the server counts accesses."""
        return "lfu" in self.policy


async def measure(redis: Redis, *, watch_s: float, least_per_s: float = 0.0) -> Heat:
    """Return what the keys tell of `watch_s` seconds; where there are fewer than `least_per_s` calls, no key is asked. Raises SystemProblem."""
    before = await read(redis)
    policy, reason = before.text("maxmemory_policy"), _too_much(before)
    if not reason and least_per_s:
        glance = await watch(redis, window_s=min(GLANCE_S, watch_s))
        reason = "there was little traffic at first" if keyed_calls(glance) < least_per_s * glance.seconds else ""
        before = glance.after
    try:
        if reason:
            await asyncio.sleep(watch_s)
            return Heat(subtract(before, await read(redis)), policy, reason=reason)
        return await (_counted(redis, policy, watch_s) if "lfu" in policy else _untouched(redis, before, policy, watch_s))
    except Refused as problem:
        return Heat(subtract(before, await read(redis)), policy, reason=problem.reason)


def _too_much(reading: Reading) -> str:
    keys, _ = reading.keys()
    spaces = sum(name.startswith("db") and name[2:].isdigit() for name in reading.info)
    if keys > MOST_KEYS:
        return f"there are {keys:,} keys, more than the {MOST_KEYS:,} that are looked at one by one"
    return f"{spaces} databases have keys, and the statistics are those of all of them" if spaces > _DATABASES else ""


async def _counted(redis: Redis, policy: str, watch_s: float) -> Heat:
    settings = await redis.settings("lfu-log-factor", "lfu-decay-time")
    decays = settings.get("lfu-decay-time", "1") != "0"
    minute = await _into_the_minute(redis, watch_s + PASSES_S) if decays else 0
    before, started = await read(redis), time.monotonic()
    first = await _all(redis, "OBJECT FREQ")
    await asyncio.sleep(watch_s)
    again = time.monotonic()
    last = await _all(redis, "OBJECT FREQ")
    delta = subtract(before, await read(redis))
    if decays and await _minute(redis) != minute:
        return Heat(
            delta, policy, reason="a minute began while the counters were watched, and they decay then; watch less than half a minute"
        )
    factor = float(settings.get("lfu-log-factor", "10"))
    return Heat(delta, policy, again - started, {key: rise(first.get(key), counter, factor) for key, counter in last.items()})


async def _into_the_minute(redis: Redis, needed_s: float) -> int:
    """Return the server's minute, waiting for the next where this one is too short: decay would look like fewer accesses."""
    seconds, micros = await redis.ask("TIME")
    left = MINUTE_S - (int(seconds) % MINUTE_S + int(micros) / 1e6)
    if left < needed_s < MINUTE_S:
        await asyncio.sleep(left + 0.1)
    return await _minute(redis)


async def _minute(redis: Redis) -> int:
    return int((await redis.ask("TIME"))[0]) // MINUTE_S


async def _untouched(redis: Redis, before: Reading, policy: str, watch_s: float) -> Heat:
    await asyncio.sleep(watch_s)
    delta = subtract(before, await read(redis))
    if delta.counters.get("total_forks") or delta.after.number("rdb_bgsave_in_progress") or delta.after.number("aof_rewrite_in_progress"):
        return Heat(delta, policy, reason="the server was saving, and notes no access meanwhile")
    idle = await _all(redis, "OBJECT IDLETIME")
    within_s = time.monotonic() - before.at + 1  # the server's clock for this has whole seconds
    keys = [key for key, idle_s in idle.items() if idle_s <= within_s]
    if len(keys) > MOST_TOUCHED:
        return Heat(delta, policy, reason=f"{len(keys):,} keys were touched")
    touched: dict[str, list[bytes]] = {}
    for key, kind in zip(keys, await redis.ask_many([("TYPE", key) for key in keys], timeout_s=10.0, lines=True), strict=True):
        if isinstance(kind, bytes) and kind != b"none":
            touched.setdefault(kind.decode("ascii", "replace"), []).append(key)
    return Heat(delta, policy, delta.seconds, touched=touched)


async def _all(redis: Redis, question: str) -> dict[bytes, int]:
    """Return the answer for every key. Raises Refused when it is not allowed."""
    cursor, found = 0, dict[bytes, int]()
    while True:
        cursor, keys = await redis.ask("SCAN", cursor, "COUNT", PAGE)
        replies = await redis.ask_each([question], keys, timeout_s=10.0)
        redis.keys_scanned += len(keys)
        for key, (reply,) in zip(keys, replies, strict=True):
            if isinstance(reply, Refused):
                raise reply
            if isinstance(reply, int):
                found[key] = reply
        if int(cursor) == 0:
            return found
        await asyncio.sleep(0)
