"""A number read from Redis several times a second: how a standing condition is measured.

Passive: it makes no load and touches no key. A subclass says what it reads, in a file of probes/: a level now (`Gauge`), or how fast a
counter rises (`RateGauge`).
"""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.errors import ParameterError
from helpers.redis.connect import Redis

__all__ = ["Gauge", "RateGauge"]


@dataclass(frozen=True)
class Gauge(Probe):
    """One look every `every_s` seconds over `window_s` seconds; each look is one sample in the unit `metric`."""

    window_s: float = 6.0
    every_s: float = 0.2

    needs: ClassVar[str] = "redis"
    passive: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 < self.every_s <= self.window_s:
            raise ParameterError(f"{self.name} needs 0 < every_s <= window_s, in seconds.")

    @abstractmethod
    async def look(self, redis: Redis) -> float:
        """Return the number as it is now. Raises SystemProblem when the server cannot be asked."""

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per look. Raises SystemProblem when the server cannot be asked."""
        redis = sessions["redis"]
        started = time.monotonic()
        samples = []
        for number in range(max(int(self.window_s / self.every_s), 1)):
            await asyncio.sleep(max(started + number * self.every_s - time.monotonic(), 0))
            samples.append(Sample(await self.look(redis), time.monotonic() - started))
        return samples


@dataclass(frozen=True)
class RateGauge(Gauge):
    """How fast a counter rises: each sample is its increase since the look before, per second (`per_s`).

    `look` returns the counter. One that fell began anew (a restart, CONFIG RESETSTAT) and counts from zero.
    """

    metric: ClassVar[str] = "per_s"

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per interval between two looks. Raises SystemProblem when the server cannot be asked."""
        redis = sessions["redis"]
        started = time.monotonic()
        samples = []
        then, before = time.monotonic(), await self.look(redis)
        for number in range(1, max(int(self.window_s / self.every_s), 1) + 1):
            await asyncio.sleep(max(started + number * self.every_s - time.monotonic(), 0))
            now, after = time.monotonic(), await self.look(redis)
            rise = after - before if after >= before else after
            samples.append(Sample(rise / max(now - then, 1e-3), now - started))
            then, before = now, after
        return samples
