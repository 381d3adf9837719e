"""Which cached keys expire in one moment, so that all clients make them anew at once.

The next such moment is waited for and watched: the keys go, lookups miss in a burst, the same keys are written again, and the database
gets the same statement from everybody. Told apart: a cache that fills after a deployment, keys that nobody asks for, a planned refresh,
the counters of a rate limit's window.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from helpers.redis.clumps import SHORTEST_S, Clump, draw, worst
from helpers.redis.connect import Redis
from helpers.redis.deadlines import deadlines_of, now_ms
from helpers.redis.deltas import Delta, read, subtract
from helpers.redis.key_stampede import diagnose_key
from helpers.redis.neighbours import blind, neighbour
from helpers.redis.statement_bursts import risen, statement_calls
from helpers.redis.window_counters import without_counters
from helpers.results import Diagnosis, Status

__all__ = ["Burst", "Seen", "cache_stampede", "judge"]

ALLOWED_PCT = 25.0
PATIENCE_S = 60.0
LOOK_S = SHORTEST_S + 5.0  # clumps with less than SHORTEST_S left are not seen, and what expires is soon there again
AFTER_S = 3.0  # people's requests come back to what is missing within this
BACK = 0.5  # of the keys are written again at once: they are asked for


@dataclass(frozen=True, slots=True)
class Burst:
    """What was seen at the moment: counters before and during it, how many of the watched keys were written anew.

    `ttl_s` is the time to live they have then.
    """

    calm: Delta
    burst: Delta
    watched: int
    renewed: int
    renewed_early: int
    ttl_s: float
    statements: Sequence[str] = ()

    @property
    def misses(self) -> float:
        """Lookups of others that missed at the moment."""
        return max(self.burst.counters.get("keyspace_misses", 0.0), 0.0)

    @property
    def beyond_usual(self) -> float:
        """Those of them that are more than as many seconds had before, beyond what chance makes of them (three standard deviations)."""
        usual = max(self.calm.rate("keyspace_misses") * self.burst.seconds, 0.0)
        return self.misses - usual - 3 * math.sqrt(usual)


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts the judgement rests on; `burst` is None where the moment is further away than the patience."""

    delta: Delta
    clump: Clump | None
    wait_s: float = 0.0
    burst: Burst | None = None
    notes: Sequence[str] = field(default_factory=list)


async def cache_stampede(
    redis: Redis,
    *,
    systems: Callable[[str], Awaitable[Any]] | None = None,
    key: str = "",
    allowed_pct: float = ALLOWED_PCT,
    patience_s: float = PATIENCE_S,
) -> Diagnosis:
    """The prefix whose keys expire together and are made anew by everybody at once.

    Args:
        redis: Read-only session.
        systems: Returns the session of a system by its name: `incident.systems.get`; None: PostgreSQL is left out.
        key: One hot key whose expiries are watched; empty: the prefix whose keys expire together.
        allowed_pct: Share of a prefix's keys, in per cent, that may expire in one moment.
        patience_s: Seconds to wait for that moment.

    Returns:
        PROBLEM with code cache_stampede and the prefix or key as subject, or another code when the counters show another failure mode at work; OK
        when keys are spread; UNKNOWN when the moment is too far away to be watched, or nobody asked for the keys.

    Raises:
        SystemProblem: as the server answered.

    Source: FAULTS.md E1; Redis manual, INFO stats.
    """
    if key:
        return await diagnose_key(redis, systems, key=key, patience_s=patience_s)
    before = await read(redis)
    clump, keys = await _clumped(redis, allowed_pct)
    wait_s = (clump.start_ms - await now_ms(redis)) / 1000 if clump else 0.0
    if clump is None or clump.share_pct <= allowed_pct or wait_s > patience_s:
        await asyncio.sleep(1.0)
        return judge(Seen(subtract(before, await read(redis)), clump, wait_s), allowed_pct=allowed_pct)
    burst, notes = await _watched(redis, systems, clump, keys, wait_s)
    return judge(Seen(subtract(before, await read(redis)), clump, wait_s, burst, notes), allowed_pct=allowed_pct)


async def _clumped(redis: Redis, allowed_pct: float) -> tuple[Clump | None, list[bytes]]:
    """Return the worst clump with its prefix's keys, looked for until there is one or LOOK_S went by: while keys expire they show none."""
    until = time.monotonic() + LOOK_S
    best: tuple[Clump | None, list[bytes]] = (None, [])
    while True:
        drawn = await without_counters(redis, await draw(redis))
        clump = await worst(redis, drawn)
        if clump and (best[0] is None or clump.share_pct > best[0].share_pct):
            best = (clump, drawn[clump.prefix])
        if time.monotonic() > until or (best[0] and best[0].share_pct > allowed_pct):
            return best
        await asyncio.sleep(1.0)


async def _watched(
    redis: Redis, systems: Callable[[str], Awaitable[Any]] | None, clump: Clump, keys: Sequence[bytes], wait_s: float
) -> tuple[Burst, list[str]]:
    """Wait for the moment, and watch it."""
    notes: list[str] = []
    meant = dict(zip(keys, [at for at, _ in await deadlines_of(redis, keys)], strict=True))
    watch = _Watch(redis, {key: at for key, at in meant.items() if clump.start_ms <= at <= clump.end_ms})
    calm, first = await read(redis), await statement_calls(systems, notes)
    at = time.monotonic()
    await asyncio.sleep(max(wait_s - 0.5, 0.5))
    await watch.look()
    early = watch.renewed
    quiet, second = await read(redis), await statement_calls(systems, notes)
    calm_s = time.monotonic() - at
    await asyncio.sleep(0.5 + (clump.end_ms - clump.start_ms) / 1000)
    until = time.monotonic() + AFTER_S
    while time.monotonic() < until:
        await watch.look()
        await asyncio.sleep(0.25)
    after, third = await read(redis), await statement_calls(systems, notes)
    said = risen(first, second, third, calm_s=calm_s, burst_s=time.monotonic() - at - calm_s)
    found = Burst(subtract(calm, quiet), subtract(quiet, after), len(watch.meant), watch.renewed, early, watch.ttl_ms / 1000, said)
    return found, list(dict.fromkeys(notes))


@dataclass
class _Watch:
    """The keys that are due, by the deadline they had: `renewed` have a later one by now, the longest is `ttl_ms` away."""

    redis: Redis
    meant: Mapping[bytes, int]
    renewed: int = 0
    ttl_ms: int = 0

    async def look(self) -> None:
        """Read the deadlines."""
        now = await now_ms(self.redis)
        found = [at for at, _ in await deadlines_of(self.redis, list(self.meant))]
        self.renewed = sum(at > was + 1000 for at, was in zip(found, self.meant.values(), strict=True))
        self.ttl_ms = max([self.ttl_ms, *(at - now for at in found)])


def judge(seen: Seen, *, allowed_pct: float = ALLOWED_PCT) -> Diagnosis:
    """Return what the facts add up to; pure."""
    other = blind(seen.delta, "stats") or neighbour(seen.delta, own="cache_stampede")
    if other:
        return other
    clump, burst, facts = seen.clump, seen.burst, {**seen.delta.facts(), "notes": list(seen.notes)}
    if clump is None or clump.share_pct <= allowed_pct:
        share = f"at most {clump.share_pct:.0f} %, of {clump.prefix}" if clump else "too few keys expire to matter"
        return Diagnosis(Status.OK, summary=f"Keys expire one after the other: in one moment {share}.", facts=facts)
    said = f"{clump.share_pct:.0f} % of the keys of {clump.prefix} expire within {(clump.end_ms - clump.start_ms) / 1000:.1f} s"
    if burst is None:
        why = f"{said}, in {seen.wait_s:,.0f} s: whether everybody makes them anew then was not waited for. Run it again shortly before."
        return Diagnosis(Status.UNKNOWN, summary=why, facts=facts)
    if burst.renewed_early > BACK * burst.watched:
        return Diagnosis(Status.UNKNOWN, summary=f"{said}, but they were written again before: a refresh, not a stampede.", facts=facts)
    misses, calm = burst.misses / max(burst.burst.seconds, 0.1), burst.calm.rate("keyspace_misses")
    if burst.renewed < BACK * burst.watched or burst.beyond_usual < BACK * burst.watched:
        why = f"{said}, but {burst.renewed} of {burst.watched} were made anew, and misses went from {calm:.1f} to {misses:.1f} per second: no stampede."
        return Diagnosis(Status.UNKNOWN, summary=why, facts=facts)
    return _named(seen, clump, burst, said)


def _named(seen: Seen, clump: Clump, burst: Burst, said: str) -> Diagnosis:
    misses = burst.misses
    scale = clump.together / max(burst.watched, 1)
    times = misses / max(burst.renewed * scale, 1.0)
    because = [
        f"{said}.",
        f"When they did, {burst.renewed} of {burst.watched} watched ones were written again at once.",
        f"Lookups missed {misses / max(burst.burst.seconds, 0.1):,.0f} times a second, {burst.calm.rate('keyspace_misses'):,.1f} before; "
        f"{burst.burst.counters.get('expired_keys', 0.0):,.0f} keys expired in these {burst.burst.seconds:.0f} s.",
        f"It comes again every {burst.ttl_s:,.0f} s: they were written with one and the same time to live.",
        *burst.statements,
    ]
    facts = {
        **seen.delta.facts(),
        "misses": misses,
        "period_s": round(burst.ttl_s, 1),
        "misses_per_key": round(times, 1),
        "notes": list(seen.notes),
    }
    summary = f"The keys of {clump.prefix} expire together every {burst.ttl_s:,.0f} s, and everybody makes them anew at once."
    target = {"prefix": clump.prefix}
    return Diagnosis(Status.PROBLEM, "cache_stampede", clump.prefix, summary, target, because, list(seen.notes), facts, fix="spread_expiry")
