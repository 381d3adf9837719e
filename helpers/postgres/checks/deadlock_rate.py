"""How often transactions deadlock.

PostgreSQL ends one of the transactions that wait for each other in a circle: its client gets an error, the others go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.database_counters import Counted, counted, since
from helpers.postgres.judging import judged, named
from helpers.results import CheckResult

__all__ = ["Deadlocks", "deadlock_rate", "judge"]

MAX_PER_DAY = 1.0  # pganalyze reports each one; one a day may be left to a retry


@dataclass(frozen=True, slots=True)
class Deadlocks:
    """Deadlocks of one database over `seconds`."""

    database: str
    deadlocks: int
    per_day: float
    seconds: float
    how: str


async def deadlock_rate(pg: Postgres, *, window_s: float = 0.0, max_per_day: float = MAX_PER_DAY) -> CheckResult[Deadlocks]:
    """Deadlocks by database, the most first; the runbook `deadlocks` names the statements.

    Args:
        pg: Read-only session.
        window_s: Seconds to watch; 0 takes everything since the counters began.
        max_per_day: More than this is a problem; the first day counts whole.

    Returns:
        PROBLEM when a database has more; OK otherwise.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, pg_stat_database.deadlocks.

    """
    return judge(await counted(pg, window_s=window_s), max_per_day=max_per_day)


def judge(databases: Sequence[Counted], *, max_per_day: float) -> CheckResult[Deadlocks]:
    """Return the status of the counters; pure."""
    found = [one for one in databases if one.values["deadlocks"]]
    rows = [
        Deadlocks(one.database, int(one.values["deadlocks"]), round(one.per_day("deadlocks"), 2), round(one.seconds, 1), since(one))
        for one in found
    ]
    return judged(
        sorted(rows, key=lambda row: -row.per_day),
        lambda row: row.per_day > max_per_day,
        problem=lambda bad: f"Transactions deadlock: {named([f'{r.database} ({r.deadlocks} {r.how})' for r in bad])}.",
        fine="Deadlocks are rare or none.",
        facts={"max_per_day": max_per_day},
    )
