"""How long sessions wait for locks, looked at several times a second.

Each sample is the longest wait at that moment, 0 when nothing waits. Passive: it makes no load and touches no table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.postgres.connect import Postgres
from helpers.postgres.gauge import Gauge

__all__ = ["LockWaits"]

LONGEST_WAIT = """
select coalesce(max(extract(epoch from clock_timestamp() - waitstart)), 0)::float8
from pg_locks where not granted
"""


@dataclass(frozen=True)
class LockWaits(Gauge):
    """Longest lock wait in s.

    Source: pg_locks.waitstart (PostgreSQL 14+), which every role may read.
    """

    metric: ClassVar[str] = "s"

    @property
    def name(self) -> str:
        """What is measured."""
        return "longest lock wait"

    async def look(self, pg: Postgres) -> float:
        """Return the longest wait of this moment."""
        return float(await pg.value(LONGEST_WAIT))
