"""How many indexes are INVALID while nobody builds or drops them.

Each sample is the number at that moment. Passive: it reads the catalog and touches no table of the application.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.postgres.checks.invalid_index import broken_indexes
from helpers.postgres.connect import Postgres
from helpers.postgres.gauge import Gauge

__all__ = ["InvalidIndexCount"]


@dataclass(frozen=True)
class InvalidIndexCount(Gauge):
    """Number of invalid indexes; only `index`, as the server writes it, where it is given.

    Source: PostgreSQL manual, pg_index.indisvalid and pg_stat_progress_create_index.
    """

    index: str = ""

    metric: ClassVar[str] = "count"

    @property
    def name(self) -> str:
        """What is counted."""
        return f"invalid index {self.index}" if self.index else "invalid indexes"

    async def look(self, pg: Postgres) -> float:
        """Return how many there are at this moment."""
        return float(sum(not b.at_work for b in await broken_indexes(pg, self.index)))
