"""How much of its range the fullest numbered integer column has used.

Each sample is the highest share at that moment, in per cent of what the column's own type holds. Passive: it reads the catalog only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.postgres.connect import Postgres
from helpers.postgres.gauge import Gauge
from helpers.postgres.integer_keys import read_keys

__all__ = ["IntegerKeyUse"]


READ_S = 15.0  # with ten thousand tables the catalog takes its time


@dataclass(frozen=True)
class IntegerKeyUse(Gauge):
    """Highest share of an integer column's range in use, in per cent.

    Source: PostgreSQL manual, numeric types: smallint to 32,767, integer to 2,147,483,647.
    """

    window_s: float = 4.0
    every_s: float = 0.4

    metric: ClassVar[str] = "pct"

    @property
    def name(self) -> str:
        """What is measured."""
        return "range used by the fullest integer key"

    async def look(self, pg: Postgres) -> float:
        """Return the share of this moment."""
        return max((key.used_pct for key in await read_keys(pg, timeout_s=READ_S)), default=0.0)
