"""How long sessions wait for locks, looked at several times a second.

Each sample is the longest wait at that moment, 0 when nothing waits. Passive: it makes no load and touches no table.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.errors import ParameterError

__all__ = ["LockWaits"]

LONGEST_WAIT = """
select coalesce(max(extract(epoch from clock_timestamp() - waitstart)), 0)::float8
from pg_locks where not granted
"""


@dataclass(frozen=True)
class LockWaits(Probe):
    """Longest lock wait in s, every `every_s` seconds over `window_s` seconds.

    Source: pg_locks.waitstart (PostgreSQL 14+), which every role may read.
    """

    window_s: float = 6.0
    every_s: float = 0.2

    needs: ClassVar[str] = "postgres"
    metric: ClassVar[str] = "s"
    passive: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 < self.every_s <= self.window_s:
            raise ParameterError("lock_waits needs 0 < every_s <= window_s, in seconds.")

    @property
    def name(self) -> str:
        """What is measured."""
        return "longest lock wait"

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per look, in s. Raises SystemProblem when the server cannot be asked."""
        pg = sessions["postgres"]
        started = time.monotonic()
        samples = []
        for number in range(max(int(self.window_s / self.every_s), 1)):
            await asyncio.sleep(max(started + number * self.every_s - time.monotonic(), 0))
            samples.append(Sample(float(await pg.value(LONGEST_WAIT)), time.monotonic() - started))
        return samples
