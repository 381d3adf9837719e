"""For how long a server's cumulative counters have been counting: a zero means little on the first day."""

from __future__ import annotations

from helpers.postgres.connect import Postgres

__all__ = ["counted_for_s"]


async def counted_for_s(pg: Postgres) -> float:
    """Return for how many seconds, at least, this database's counters have been counting.

    That is since their last reset, else since the server started: a crash clears them without a trace.
    """
    return float(
        await pg.value(
            "select extract(epoch from clock_timestamp() - coalesce(stats_reset, pg_postmaster_start_time()))::float8 "
            "from pg_stat_database where datname = current_database()"
        )
    )
