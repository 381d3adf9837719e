"""How many of the lookups find no session, in per cent: whoever looks for one that is not there is logged out, and logs in again.

Passive: the server counts misses itself, of whatever keys. They are those of sessions when sessions are made anew in their place, which two
looks at the sessions tell; a cache that fills makes none, and counts nothing.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from typing import ClassVar

from helpers.contracts import Sample, Sessions
from helpers.errors import Refused
from helpers.redis.connect import Redis
from helpers.redis.gauge import Gauge
from helpers.redis.population import between, look
from helpers.redis.session_prefixes import explains, session_prefixes

__all__ = ["MissedSessions"]

SCANS_S = 20.0  # for all prefixes together, before and after


@dataclass(frozen=True, slots=True)
class Counted:
    """The server's counters, and this program's own share of them, which is known a moment before the server counts it."""

    hits: float
    misses: float
    own_hits: float = 0
    own_misses: float = 0

    def since(self, before: Counted | None) -> tuple[float, float]:
        """Return others' hits and misses since then; after a restart or CONFIG RESETSTAT all there are."""
        if before is None or self.hits < before.hits or self.misses < before.misses:
            return self.hits, self.misses
        hits = self.hits - before.hits - (self.own_hits - before.own_hits)
        return max(hits, 0.0), max(self.misses - before.misses - (self.own_misses - before.own_misses), 0.0)


@dataclass(frozen=True)
class MissedSessions(Gauge):
    """Share of lookups without a key between two looks, in per cent; 0 where there was none, or no session was made in its place.

    `prefix` is the sessions'; empty: those that are called as sessions are.

    Source: Redis manual, INFO stats (`keyspace_hits`, `keyspace_misses`).
    """

    window_s: float = 8.0
    every_s: float = 0.5
    prefix: str = ""

    metric: ClassVar[str] = "pct"

    @property
    def name(self) -> str:
        """What is measured."""
        return f"missed lookups of {self.prefix}" if self.prefix else "missed lookups of sessions"

    async def counted(self, redis: Redis) -> Counted:
        """Return hits and misses so far. Raises Refused where the service does not tell."""
        facts = await redis.info("stats")
        hits, misses = facts.get("keyspace_hits"), facts.get("keyspace_misses")
        if not isinstance(hits, int | float) or not isinstance(misses, int | float):
            raise Refused("redis", "INFO stats does not say how many lookups found their key.")
        return Counted(float(hits), float(misses), redis.own_hits, redis.own_misses)

    async def look(self, redis: Redis) -> float:
        """Return the share since the server started."""
        return share(*(await self.counted(redis)).since(None))

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per interval between two looks. Raises SystemProblem when the server cannot be asked."""
        redis = sessions["redis"]
        names = await session_prefixes(redis, self.prefix)
        first = [await look(redis, name, budget_s=SCANS_S / len(names)) for name in names]
        samples, misses = await self._shares(redis)
        last = [await look(redis, name, budget_s=SCANS_S / len(names)) for name in names]
        about = any(explains(between("", a, b).made_in_all, misses) for a, b in zip(first, last, strict=True))
        return samples if about else [replace(sample, value=0.0) for sample in samples]

    async def _shares(self, redis: Redis) -> tuple[list[Sample], float]:
        """Return the share of misses in each interval, whatever keys they were of, and how many misses there were."""
        started, samples, missed = time.monotonic(), [], 0.0
        before = await self.counted(redis)
        for number in range(1, max(int(self.window_s / self.every_s), 1) + 1):
            await asyncio.sleep(max(started + number * self.every_s - time.monotonic(), 0))
            after = await self.counted(redis)
            hits, misses = after.since(before)
            samples.append(Sample(share(hits, misses), time.monotonic() - started))
            before, missed = after, missed + misses
        return samples, missed


def share(hits: float, misses: float) -> float:
    """Return the misses in per cent of all lookups."""
    return 100 * misses / (hits + misses) if hits + misses else 0.0
