"""A number read from the server several times a second: how a standing condition is measured.

Passive: it makes no load and touches no table of the application. A subclass says what it reads, in a file of probes/.
"""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.errors import ParameterError
from helpers.postgres.connect import Postgres

__all__ = ["Gauge"]


@dataclass(frozen=True)
class Gauge(Probe):
    """One look every `every_s` seconds over `window_s` seconds; each look is one sample in the unit `metric`."""

    window_s: float = 6.0
    every_s: float = 0.2

    needs: ClassVar[str] = "postgres"
    passive: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 < self.every_s <= self.window_s:
            raise ParameterError(f"{self.name} needs 0 < every_s <= window_s, in seconds.")

    @abstractmethod
    async def look(self, pg: Postgres) -> float:
        """Return the number as it is now. Raises SystemProblem when the server cannot be asked."""

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per look. Raises SystemProblem when the server cannot be asked."""
        pg = sessions["postgres"]
        started = time.monotonic()
        samples = []
        for number in range(max(int(self.window_s / self.every_s), 1)):
            await asyncio.sleep(max(started + number * self.every_s - time.monotonic(), 0))
            samples.append(Sample(await self.look(pg), time.monotonic() - started))
        return samples
