"""Who holds back the rows that VACUUM may remove, and of which tables.

VACUUM removes a dead row only when no transaction may still see it. The oldest snapshot decides: a session's, a prepared transaction's,
a replication slot's or a standby's. Sessions of other databases do not hold back this one's tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from helpers.postgres.connect import Postgres
from helpers.postgres.dead_tables import LIMIT_PCT, DeadTable, read_dead_tables
from helpers.postgres.sql import load_sql

__all__ = ["Holder", "holders_of", "holds", "read_holders", "sessions_that_hold_dead_rows"]


@dataclass(frozen=True, slots=True)
class Holder:
    """One thing that holds the horizon, at transaction `xmin`, `age_xids` transactions ago.

    `kind` is `session`, `prepared`, `slot` or `standby`; `name` its application_name, gid or slot name; `since` the earliest moment from
    which it can have held, None where nobody knows. `active` is whether it works now. `may_end` is whether this role may end it.
    """

    kind: str
    name: str
    pid: int | None
    xmin: str
    age_xids: int
    since: datetime | None
    held_s: float | None
    active: bool
    state: str
    backend_type: str
    backend_start: datetime | None
    usename: str
    may_end: bool

    @property
    def subject(self) -> str:
        """How a diagnosis names it."""
        if self.kind == "session":
            return f"pid {self.pid} ({self.name or 'no application_name'})"
        words = {"prepared": "prepared transaction '{}'", "slot": "replication slot {}", "standby": "standby {}"}
        return words[self.kind].format(self.name)

    def same(self, other: Holder) -> bool:
        """Whether `other` is this holder, seen at another moment with the same snapshot."""
        return (self.kind, self.name, self.pid, self.xmin) == (other.kind, other.name, other.pid, other.xmin)


async def read_holders(pg: Postgres) -> list[Holder]:
    """Return who holds this database's horizon, the oldest first; this program's own sessions are left out.

    Without pg_read_all_stats other roles' sessions are missing. Raises SystemProblem when the server cannot be asked.
    """
    return [Holder(**row) for row in await pg.fetch(load_sql(__file__, pg.version_num), "runbook")]


def holds(holder: Holder, table: DeadTable) -> bool:
    """Whether every dead row of `table` is held back by `holder`; pure.

    A VACUUM that ended after the holder's snapshot was taken removed all that had died before it. So what is dead now died since.
    """
    if table.vacuumed_at is None:
        return False
    return holder.since < table.vacuumed_at if holder.since else holder.kind == "slot" and not holder.active


def holders_of(table: DeadTable, holders: Sequence[Holder]) -> list[Holder]:
    """Return the holders that hold back `table`'s dead rows, the oldest first; pure."""
    return [h for h in holders if holds(h, table)]


async def sessions_that_hold_dead_rows(pg: Postgres, *, limit_pct: float = LIMIT_PCT) -> dict[int, list[str]]:
    """Return pid → the tables whose dead rows that session's snapshot holds back, where those matter; empty when none does.

    Args:
        pg: Read-only session of a role with pg_read_all_stats.
        limit_pct: Dead rows in per cent of what makes autovacuum start, above which they matter.

    """
    tables = [t for t in await read_dead_tables(pg) if t.pct > limit_pct]
    holders = [h for h in await read_holders(pg) if h.kind == "session" and h.pid is not None] if tables else []
    held = {h.pid: [t.table for t in tables if holds(h, t)] for h in holders if h.pid is not None}
    return {pid: names for pid, names in held.items() if names}
