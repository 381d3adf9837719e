"""How much keeps the server from taking writes or from telling the truth: a failed save, lost replicas, a dead link, loading.

Counted as the server says it of itself, and one more while it refuses commands for such a reason. Passive.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import Sample, Sessions
from helpers.redis.conditions import refusals, related_settings, standing
from helpers.redis.connect import Redis
from helpers.redis.gauge import Gauge

__all__ = ["BrokenConditions"]


@dataclass(frozen=True)
class BrokenConditions(Gauge):
    """Conditions that stand at each look, and one where commands were refused since the look before.

    Source: Redis manual, INFO persistence, replication, errorstats (6.2+).
    """

    window_s: float = 6.0
    every_s: float = 0.375

    metric: ClassVar[str] = "count"

    @property
    def name(self) -> str:
        """What is measured."""
        return "broken persistence or replication"

    async def look(self, redis: Redis) -> float:
        """Return how many stand now."""
        info = await redis.info("persistence", "replication", "stats", "memory")
        return float(len(standing(info, await related_settings(redis))))

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per look after the first. Raises SystemProblem when the server cannot be asked."""
        redis, started, samples = sessions["redis"], time.monotonic(), []
        before = refusals(await redis.info("errorstats"))
        for number in range(1, max(int(self.window_s / self.every_s), 1) + 1):
            await asyncio.sleep(max(started + number * self.every_s - time.monotonic(), 0))
            count, after = await self.look(redis), refusals(await redis.info("errorstats"))
            samples.append(Sample(count + (after != before), time.monotonic() - started))
            before = after
        return samples
