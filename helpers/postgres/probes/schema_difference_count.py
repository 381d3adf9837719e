"""How many things the live schema lacks or has otherwise than the wanted one.

Passive: it reads both catalogs, several times, so that a migration that runs at this moment is seen as what it is.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.postgres.checks.schema_differences import compared, rows_of
from helpers.postgres.schema_catalog import HARMLESS
from helpers.postgres.wanted_schema import NOTHING

__all__ = ["SchemaDifferenceCount"]


@dataclass(frozen=True)
class SchemaDifferenceCount(Probe):
    """Differences that are not harmless, `looks` times, `every_s` seconds apart; the other arguments as for the check."""

    compare_database: str = ""
    compare_with: str = ""
    migrations: str = ""
    looks: int = 9
    every_s: float = 0.25

    needs: ClassVar[str] = "postgres"
    metric: ClassVar[str] = "count"
    passive: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """What is measured."""
        return "differences from the wanted schema" if self.applies else NOTHING

    @property
    def applies(self) -> bool:
        """Whether there is something to compare with."""
        return bool(self.compare_database or self.compare_with or self.migrations)

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per look. Raises SystemProblem when one of the two cannot be asked."""
        started, samples = time.monotonic(), []
        for number in range(self.looks):
            await asyncio.sleep(max(started + number * self.every_s - time.monotonic(), 0))
            found = await compared(sessions["postgres"], self.compare_database, self.compare_with, self.migrations)
            rows = rows_of(found) if found is not None else []
            samples.append(Sample(float(sum(row.kind not in HARMLESS for row in rows)), time.monotonic() - started))
        return samples
