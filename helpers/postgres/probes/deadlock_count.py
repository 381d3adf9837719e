"""How many deadlocks the server breaks, counted over slices of a window.

Each sample is what was counted in one slice. Passive: it makes no load and touches no table.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.errors import ParameterError
from helpers.postgres.deadlock_counter import read_deadlocks

__all__ = ["DeadlockCount"]

SLICES = 10  # more than the eight samples a statement about them needs


@dataclass(frozen=True)
class DeadlockCount(Probe):
    """Deadlocks of this database in each tenth of `window_s` seconds.

    Source: pg_stat_database.deadlocks, which every role may read.
    """

    window_s: float = 10.0

    needs: ClassVar[str] = "postgres"
    metric: ClassVar[str] = "count"
    passive: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not self.window_s > 0:
            raise ParameterError(f"{self.name} needs window_s > 0, in seconds.")

    @property
    def name(self) -> str:
        """What is measured."""
        return "deadlocks counted"

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per slice. Raises SystemProblem when the server cannot be asked."""
        pg = sessions["postgres"]
        started, before = time.monotonic(), (await read_deadlocks(pg)).deadlocks
        samples = []
        for number in range(1, SLICES + 1):
            await asyncio.sleep(max(started + number * self.window_s / SLICES - time.monotonic(), 0))
            now = (await read_deadlocks(pg)).deadlocks
            samples.append(Sample(float(max(now - before, 0)), time.monotonic() - started))  # less after a reset of the counters
            before = now
        return samples
