"""How many deadlocks the server has broken in this database, and how long it lets one stand."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.postgres.connect import Postgres

__all__ = ["DeadlockCounter", "read_deadlocks"]

# A session reports what it counted when it is idle again outside of a transaction, at most once a second (pgstat.c, PGSTAT_MIN_INTERVAL).
_COUNTER = (
    "select d.deadlocks, extract(epoch from current_setting('deadlock_timeout')::interval)::float8 as timeout_s, "
    "extract(epoch from clock_timestamp() - coalesce(d.stats_reset, pg_postmaster_start_time()))::float8 as counted_s "
    "from pg_stat_database d where d.datname = current_database()"
)


@dataclass(frozen=True, slots=True)
class DeadlockCounter:
    """pg_stat_database.deadlocks of this database, counted over `counted_s` seconds; the server looks for a cycle after `timeout_s` of a wait."""

    deadlocks: int
    timeout_s: float
    counted_s: float

    @property
    def per_day(self) -> float:
        """Deadlocks a day; of less than a day, what was counted, not more."""
        return self.deadlocks * 86400.0 / max(self.counted_s, 86400.0)


async def read_deadlocks(pg: Postgres) -> DeadlockCounter:
    """Return the counter as it is now. Raises SystemProblem when the server cannot be asked."""
    return DeadlockCounter(**(await pg.fetch(_COUNTER))[0])
