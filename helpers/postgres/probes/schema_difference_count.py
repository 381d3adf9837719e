"""How many things the live schema lacks or has otherwise than the wanted one.

Passive: the wanted side is read once; the live catalog is looked at several times, and read again when it changed meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from helpers.contracts import Sample, Sessions
from helpers.postgres.connect import Postgres
from helpers.postgres.gauge import Gauge
from helpers.postgres.schema.drift import Drift, DriftReader

__all__ = ["SchemaDifferenceCount"]


@dataclass(frozen=True)
class SchemaDifferenceCount(Gauge):
    """Count of what is missing, changed or not applied; the other arguments as for the check `schema_drift`.

    Source: PostgreSQL manual, system catalogs.
    """

    window_s: float = 2.5
    every_s: float = 0.25
    compare_with: str = ""
    compare_database: str = ""
    migrations: str = ""
    ignore: list[str] = field(default_factory=list)

    metric: ClassVar[str] = "count"

    @property
    def name(self) -> str:
        """What is measured."""
        return "differences from the wanted schema"

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per look. Raises Refused with nothing to compare with, SystemProblem when a server cannot be asked."""
        reader = await DriftReader.opened(sessions["postgres"], self.compare_with, self.compare_database, self.migrations, self.ignore)
        object.__setattr__(self, "_reader", reader)  # no field: it is no JSON value, and takes no part in equality
        object.__setattr__(self, "_last", None)
        return await super().measure(sessions)

    async def look(self, pg: Postgres) -> float:
        """Return the count of this moment."""
        last: tuple[str, Drift] = await self.__dict__["_reader"].read(pg, self.__dict__["_last"])
        object.__setattr__(self, "_last", last)
        return float(last[1].count)
