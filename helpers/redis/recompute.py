"""One key at its expiry: how many lookups miss between the moment it goes and the moment somebody has made it anew.

The first miss makes the value; every further one makes it too, for nothing. The server counts misses of all keys together, so what misses
at other times, and this watch's own looks, are taken off.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from helpers.errors import BadAnswer, Refused, SystemProblem
from helpers.redis.connect import Redis
from helpers.redis.replies import parse_info

__all__ = ["Recompute", "watch_expiry"]

EVERY_S = 0.02
CALM_S = 0.5
BACK_S = 10.0  # what is not made anew within this is not asked for


@dataclass(frozen=True, slots=True)
class Recompute:
    """One expiry: `misses` of others until the key was there again after `gap_s` seconds, with `ttl_s` to live; `calm_per_s` at other times."""

    misses: float
    gap_s: float
    ttl_s: float
    calm_per_s: float


async def watch_expiry(redis: Redis, key: str, *, patience_s: float) -> Recompute | None:
    """Return what happens when the key next expires; None when nobody makes it anew.

    Args:
        redis: Read-only session.
        key: The key, as its application writes it.
        patience_s: Seconds to wait for its expiry.

    Raises:
        Refused: it is not there, never expires, or not within the patience; or the server does not count misses.
        SystemProblem: as the server answered.

    """
    name, until = key.encode(), time.monotonic() + patience_s
    started, (ttl, first) = time.monotonic(), await _look(redis, name)
    while ttl == -2 and time.monotonic() < min(until, started + BACK_S):
        await asyncio.sleep(EVERY_S)
        started, (ttl, first) = time.monotonic(), await _look(redis, name)
    if ttl < 0 or ttl > 1000 * patience_s:
        why = {-2: "is not there", -1: "never expires"}.get(ttl, f"expires in {ttl / 1000:,.0f} s only: run it again shortly before")
        raise Refused("redis", f"The key {why}.")
    before, last = first, started
    while time.monotonic() < until + BACK_S:
        await asyncio.sleep(EVERY_S)
        now, (left, misses) = time.monotonic(), await _look(redis, name)
        if left == -2:
            calm = (before - first) / max(last - started, CALM_S)
            return await _gap(redis, name, before, last, calm)
        if left > ttl + 100:
            expired = ttl / 1000 <= now - last + EVERY_S  # gone and there again between two looks; else it was refreshed before
            calm = (before - first) / max(last - started, CALM_S)
            return Recompute(max(misses - before, 0.0), now - last, left / 1000, calm) if expired else None
        ttl, before, last = left, misses, now
    return None


async def _gap(redis: Redis, name: bytes, before: float, gone_at: float, calm: float) -> Recompute | None:
    """Return the misses until the key is there again; `before` and `gone_at` are those of the last look at which it still was."""
    while time.monotonic() < gone_at + BACK_S:
        left, misses = await _look(redis, name)
        gap = time.monotonic() - gone_at
        if left != -2:
            await asyncio.sleep(EVERY_S)
            return Recompute(max(misses - before - calm * gap, 0.0), gap, left / 1000, calm)
        await asyncio.sleep(EVERY_S)
    return None


async def _look(redis: Redis, name: bytes) -> tuple[int, float]:
    """Return the key's PTTL, and how many lookups of others missed so far. Raises SystemProblem."""
    ttl, stats = await redis.ask_many([("PTTL", name), ("INFO", "stats")])
    for reply in (ttl, stats):
        if isinstance(reply, SystemProblem):
            raise reply
    misses = parse_info(stats).get("keyspace_misses")
    if not isinstance(misses, int | float):
        raise BadAnswer("redis", "INFO stats does not say how many lookups missed.")
    return int(ttl), float(misses) - redis.own_misses
