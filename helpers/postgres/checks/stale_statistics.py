"""Whether the planner's statistics mislead it into a slow plan.

Rows changed since the last ANALYZE are no fault by themselves: this names statistics only where the estimate is far off and a better
plan was there to be chosen. Out of date, too coarse for one column, or blind to columns that depend on each other: each has its own fix.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from helpers.postgres.checks.missing_index import missing_index
from helpers.postgres.connect import Postgres
from helpers.postgres.plans.gather import ANALYZE_S
from helpers.results import CheckResult, Diagnosis

__all__ = ["stale_statistics"]


async def stale_statistics(pg: Postgres, *, statements: CheckResult[Any] | Sequence[Any], analyze_s: float = ANALYZE_S) -> Diagnosis:
    """The cause of the first statement's slowness: `stale_statistics`, a neighbour of it, or none.

    One gathering and one judgement serve this check and `missing_index`: what one names, the other does not.

    Args:
        pg: Read-only session. A plain SELECT with its values is run once, and up to twice more with a kind of plan node switched off,
            each cut off when it takes as long as the first.
        statements: Rows of `statements_by_total_time`; the first is examined.
        analyze_s: Seconds the statement may take when it is run.

    Returns:
        PROBLEM with `stale_statistics` (`table(column, …)`) and the fix that fits (`analyze_table`, `set_statistics_target` or
        `create_statistics`), or with a neighbour's code; OK when the plan is right; UNKNOWN when the evidence does not decide.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, Statistics Used by the Planner; thresholds in helpers/postgres/plans/judge.py.

    """
    return await missing_index(pg, statements=statements, analyze_s=analyze_s)
