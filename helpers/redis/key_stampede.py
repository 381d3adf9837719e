"""One hot key that expires, and is made anew by everybody who misses it: seen at its expiries, and judged."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from helpers.redis.connect import Redis
from helpers.redis.deltas import Delta, read, subtract
from helpers.redis.keys import key_text
from helpers.redis.neighbours import blind, neighbour
from helpers.redis.recompute import Recompute, watch_expiry
from helpers.redis.statement_bursts import risen, statement_calls
from helpers.results import Diagnosis, Status

__all__ = ["diagnose_key", "judge_key"]

EXPIRIES = 2
WASTED_PCT = 50.0
FEWEST_MISSES = 4  # two clients may meet by chance


async def diagnose_key(redis: Redis, systems: Callable[[str], Awaitable[Any]] | None, *, key: str, patience_s: float) -> Diagnosis:
    """Return whether `key` is made anew by many at once, as seen at up to EXPIRIES of its expiries. Raises SystemProblem."""
    notes: list[str] = []
    before, first = await read(redis), await statement_calls(systems, notes)
    started, seen = time.monotonic(), list[Recompute]()
    said: list[str] = []
    second, began = first, started
    while len(seen) < EXPIRIES and time.monotonic() < started + patience_s:
        found = await watch_expiry(redis, key, patience_s=patience_s)
        if found is None:
            break
        seen.append(found)
        ended = time.monotonic()
        third = await statement_calls(systems, notes)
        said = risen(second, second, third, calm_s=1.0, burst_s=ended - began)
        second, began = third, ended
    return judge_key(subtract(before, await read(redis)), key, seen, statements=said, notes=list(dict.fromkeys(notes)))


def judge_key(delta: Delta, key: str, seen: Sequence[Recompute], *, statements: Sequence[str] = (), notes: Sequence[str] = ()) -> Diagnosis:
    """Return what the expiries add up to; pure."""
    other = blind(delta, "stats") or neighbour(delta, own="cache_stampede")
    if other:
        return other
    shown = key_text(key.encode())
    if not seen:
        said = f"{shown} did not expire and come back while it was watched: it is refreshed before, or nobody asks for it."
        return Diagnosis(Status.UNKNOWN, summary=said, facts=delta.facts())
    misses = sum(one.misses for one in seen)
    wasted = 100 * max(misses - len(seen), 0) / misses if misses else 0.0
    if wasted < WASTED_PCT or misses < FEWEST_MISSES * len(seen):
        said = f"{shown} is made anew by {misses / len(seen):.1f} clients at an expiry."
        return Diagnosis(Status.OK, summary=said, facts=delta.facts())
    each, gap, ttl_s = misses / len(seen), max(one.gap_s for one in seen), max(one.ttl_s for one in seen)
    because = [
        f"At {len(seen)} expiries of {shown}, {misses:.0f} lookups missed: {each:.0f} clients made it at once, and one would have done.",
        f"It was away for up to {gap:.2f} s; at other times {max(one.calm_per_s for one in seen):.1f} lookups a second miss.",
        f"It comes again every {ttl_s:,.0f} s.",
        *statements,
    ]
    target = {"prefix": shown, "ttl_s": float(round(ttl_s)), "clients": float(round(each))}
    summary = f"Whenever {shown} expires, every {ttl_s:,.0f} s, about {each:.0f} clients make it anew at once."
    return Diagnosis(Status.PROBLEM, "cache_stampede", shown, summary, target, because, notes, delta.facts(), fix="single_flight")
