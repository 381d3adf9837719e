"""Tables with dead rows, measured against the point at which autovacuum starts: the facts that several judgements rest on (I/O)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from helpers.postgres.connect import Postgres
from helpers.postgres.sql import load_sql

__all__ = ["FEWEST_ROWS", "LIMIT_PCT", "DeadTable", "read_dead_tables"]

# Autovacuum starts at 100 %, looks every autovacuum_naptime and needs its time: a busy, healthy table hovers about there. Twice that
# means that it came late or came in vain (PostgreSQL manual, "The Autovacuum Daemon": threshold + scale_factor * reltuples).
LIMIT_PCT = 200.0
FEWEST_ROWS = 5_000  # a smaller trigger counts as this: reading 10,000 rows too many is where it begins to matter (plans/judge.py)


@dataclass(frozen=True, slots=True)
class DeadTable:
    """One table with dead rows; names are SQL, times the server's.

    `own_trigger` is the count of dead rows at which autovacuum starts on it by its own storage parameters, `usual_trigger` by the
    server's settings alone. `options` are its autovacuum storage parameters as `name=value`. `vacuumed_at` is when the last VACUUM of it,
    by hand or not, ended; `being_vacuumed` that one runs now. `may_vacuum` is whether this role may.
    """

    table: str
    oid: int
    rows: float
    dead_rows: int
    own_trigger: float
    usual_trigger: float
    options: list[str]
    enabled: bool
    vacuumed_at: datetime | None
    being_vacuumed: bool
    may_vacuum: bool

    @property
    def trigger(self) -> float:
        """Dead rows that make 100 %: the table's trigger or the server's, the earlier, where that is at least FEWEST_ROWS."""
        return max(min(self.own_trigger, self.usual_trigger), FEWEST_ROWS)

    @property
    def pct(self) -> float:
        """Dead rows in per cent of `trigger`."""
        return 100.0 * self.dead_rows / self.trigger


async def read_dead_tables(pg: Postgres) -> list[DeadTable]:
    """Return the tables with dead rows, the highest `pct` first; temporary tables and the system's own are left out.

    Raises SystemProblem when the server cannot be asked. The counts are the server's cumulative statistics, which every role may read.
    """
    rows = await pg.fetch(load_sql(__file__, pg.version_num), FEWEST_ROWS)
    return [DeadTable(**row) for row in rows]
