"""Tables that changed a lot since their statistics were gathered.

The planner chooses by statistics. When they describe another table than the one that is there, a good plan can turn into a bad one
overnight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import ask, judged, many, named
from helpers.results import CheckResult

__all__ = ["TableStatistics", "judge", "outdated_statistics"]

MAX_FACTOR = 2.0  # autovacuum comes by every autovacuum_naptime, so a table just past its threshold is no sign of anything


@dataclass(frozen=True, slots=True)
class TableStatistics:
    """One table; `threshold` is how many changes start an automatic ANALYZE, `analyzed_ago_s` is None when they were never gathered.

    `due` is False when they were gathered so lately that autovacuum has not looked again since.
    """

    table: str
    changed_rows: int
    rows: float
    threshold: float
    autovacuum: bool
    analyzed_ago_s: float | None
    due: bool


async def outdated_statistics(pg: Postgres, *, max_factor: float = MAX_FACTOR) -> CheckResult[TableStatistics]:
    """Tables changed since their last ANALYZE, the one furthest past its own threshold first.

    Args:
        pg: Read-only session.
        max_factor: How many times its threshold a table's changes may be.

    Returns:
        PROBLEM when one is past that, or past its threshold with autovacuum off; OK otherwise.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, "The Autovacuum Daemon"; check_postgres `last_autoanalyze` judges by age instead.

    """
    return judge(await ask(pg, __file__, TableStatistics), max_factor=max_factor)


def judge(rows: Sequence[TableStatistics], *, max_factor: float) -> CheckResult[TableStatistics]:
    """Return the status of the tables; pure."""
    return judged(
        rows,
        lambda row: row.due and row.changed_rows > row.threshold * (max_factor if row.autovacuum else 1.0),
        problem=lambda bad: (
            f"{many(len(bad), 'table', 'tables')} changed more than their statistics allow: "
            f"{named([f'{r.table} ({r.changed_rows:,} changes, {r.threshold:,.0f} start ANALYZE' + ('' if r.autovacuum else ', which is off') + ')' for r in bad])}."
        ),
        fine="Every table's statistics are about as new as autovacuum keeps them.",
        facts={"max_factor": max_factor},
    )
