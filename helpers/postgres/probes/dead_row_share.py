"""How many dead rows a table holds, in per cent of what makes autovacuum start.

Each sample is the server's own count at that moment. The first measurement chooses the table with the highest share; every later one
measures the same table. Passive: it makes no load and touches no table.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from helpers.contracts import Sample, Sessions
from helpers.postgres.connect import Postgres
from helpers.postgres.dead_tables import read_dead_tables
from helpers.postgres.gauge import Gauge

__all__ = ["DeadRowShare"]


@dataclass(frozen=True)
class DeadRowShare(Gauge):
    """Dead rows of one table in % of its trigger, as in dead_tables.py; `only` is the table as SQL, empty: the one with most.

    Source: PostgreSQL manual, "The Autovacuum Daemon"; pg_stat_all_tables.n_dead_tup.
    """

    only: str = ""

    metric: ClassVar[str] = "pct"

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "_seen", {"chosen": "", "worst": ""})  # no field: found by the first measurement, not a setting

    @property
    def table(self) -> str:
        """The table that is measured; empty before the first measurement, and while no table has dead rows."""
        return self.only or str(self.__dict__["_seen"]["chosen"])

    @property
    def name(self) -> str:
        """What is measured."""
        return f"dead rows of {self.table}" if self.table else "dead rows of the worst table"

    def settings(self) -> dict[str, Any]:
        """Return how it measures, and which table."""
        return {**asdict(self), "table": self.table}

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per look. Raises SystemProblem when the server cannot be asked."""
        samples = await super().measure(sessions)
        seen = self.__dict__["_seen"]
        seen["chosen"] = seen["chosen"] or seen["worst"]
        return samples

    async def look(self, pg: Postgres) -> float:
        """Return the share of this moment; 0 when there are no dead rows."""
        tables = [t for t in await read_dead_tables(pg) if self.table in ("", t.table)]
        if tables and not self.table:
            self.__dict__["_seen"]["worst"] = tables[0].table
        return tables[0].pct if tables else 0.0
