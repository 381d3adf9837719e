"""How many of the lookups find no key, in per cent: whoever looks for a session that is not there is logged out.

Passive: the server counts them itself. Where nobody looks anything up, nothing is missed.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import Sample, Sessions
from helpers.errors import Refused
from helpers.redis.connect import Redis
from helpers.redis.gauge import Gauge

__all__ = ["MissedLookups"]


@dataclass(frozen=True)
class MissedLookups(Gauge):
    """Share of lookups without a key between two looks, in per cent; 0 where there was none.

    Source: Redis manual, INFO stats (`keyspace_hits`, `keyspace_misses`).
    """

    window_s: float = 8.0
    every_s: float = 0.5

    metric: ClassVar[str] = "pct"

    @property
    def name(self) -> str:
        """What is measured."""
        return "missed lookups"

    async def counted(self, redis: Redis) -> tuple[float, float]:
        """Return hits and misses so far. Raises Refused where the service does not tell."""
        facts = await redis.info("stats")
        hits, misses = facts.get("keyspace_hits"), facts.get("keyspace_misses")
        if not isinstance(hits, int | float) or not isinstance(misses, int | float):
            raise Refused("redis", "INFO stats does not say how many lookups found their key.")
        return float(hits), float(misses)

    async def look(self, redis: Redis) -> float:
        """Return the share since the server started."""
        return share(*await self.counted(redis))

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per interval between two looks. Raises SystemProblem when the server cannot be asked."""
        redis = sessions["redis"]
        started = time.monotonic()
        samples = []
        before = await self.counted(redis)
        for number in range(1, max(int(self.window_s / self.every_s), 1) + 1):
            await asyncio.sleep(max(started + number * self.every_s - time.monotonic(), 0))
            after = await self.counted(redis)
            hits, misses = after[0] - before[0], after[1] - before[1]
            fell = hits < 0 or misses < 0  # a restart or CONFIG RESETSTAT: they count from zero
            samples.append(Sample(share(*after) if fell else share(hits, misses), time.monotonic() - started))
            before = after
        return samples


def share(hits: float, misses: float) -> float:
    """Return the misses in per cent of all lookups."""
    return 100 * misses / (hits + misses) if hits + misses else 0.0
