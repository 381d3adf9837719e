"""Queries a standby cancelled because replay needed what they looked at.

On a standby, replaying the primary's changes may collide with a query: after max_standby_streaming_delay the query is cancelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import ask, judged, named, skipped
from helpers.results import CheckResult

__all__ = ["Conflicts", "judge", "recovery_conflicts"]


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Cancelled queries of one database, by what replay needed."""

    database: str
    tablespace: int
    lock: int
    snapshot: int
    bufferpin: int
    deadlock: int
    total: int


async def recovery_conflicts(pg: Postgres) -> CheckResult[Conflicts]:
    """Queries cancelled by replay since the counters began, by database; the most first.

    Returns:
        PROBLEM when there was any; OK otherwise; SKIPPED on a primary, which replays nothing.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, pg_stat_database_conflicts, "Handling Query Conflicts".

    """
    standby = await pg.value("select pg_is_in_recovery()")
    return judge(await ask(pg, __file__, Conflicts), standby=standby)


def judge(rows: Sequence[Conflicts], *, standby: bool) -> CheckResult[Conflicts]:
    """Return the status of the counters; pure."""
    if not standby:
        return skipped("This server is a primary: it replays nothing that could cancel a query.")
    return judged(
        rows,
        lambda row: row.total > 0,
        problem=lambda bad: f"Replay cancelled queries: {named([f'{r.database} ({r.total})' for r in bad])}.",
        fine="Replay cancelled no query.",
    )
