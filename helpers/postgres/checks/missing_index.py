"""Whether the worst statement scans a table because no index serves it.

A statement can be slow for want of an index, or because statistics are stale, an index is invalid, a lock holds it, or it rightly
reads most of the table; or for what its plan does not show. The remedies differ, so this names one cause, and only when the others do
not fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from helpers.postgres.connect import Postgres
from helpers.postgres.lock_reason import why_it_waits
from helpers.postgres.plans.beside import beside_the_plan
from helpers.postgres.plans.facts import StatementFacts
from helpers.postgres.plans.gather import ANALYZE_S, facts_of
from helpers.postgres.plans.hypothetical import tried_out
from helpers.postgres.plans.judge import Limits, judge
from helpers.results import CheckResult, Diagnosis, Status

__all__ = ["missing_index"]


async def missing_index(
    pg: Postgres,
    *,
    statements: CheckResult[Any] | Sequence[Any],
    min_read_rows: float = Limits.min_read_rows,
    max_kept_pct: float = Limits.max_kept_pct,
    analyze_s: float = ANALYZE_S,
) -> Diagnosis:
    """The cause of the first statement's slowness: `missing_index`, a neighbour of it, or none.

    Args:
        pg: Read-only session. The statement is run once, and only if it is a plain SELECT with its values.
        statements: Rows of `statements_by_total_time`; the first is examined.
        min_read_rows: Rows an execution must read before an index matters.
        max_kept_pct: Share of the rows read below which an index pays.
        analyze_s: Seconds the statement may take when it is run.

    Returns:
        PROBLEM with `missing_index` (`table(column, …)`, the target for `create_index`), `stale_statistics`, `invalid_index`,
        `unindexed_foreign_key`, `vacuum_blocked`, or the name of the lock it waits for (`lock_contention`, `ddl_lock_queue`,
        `deadlocks`); OK when no index would help; UNKNOWN when the evidence does not decide.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, Using EXPLAIN; thresholds in helpers/postgres/plans/judge.py.

    """
    rows = list(statements)
    if not rows:
        return _nothing(statements)
    first = rows[0]
    facts: StatementFacts = await facts_of(
        pg,
        getattr(first.query, "raw", first.query),
        rows_per_call=first.rows_per_call if first.calls else None,
        active_samples=first.active_samples,
        lock_wait_pct=first.lock_wait_pct,
        given=first.source == "given",
        analyze_s=analyze_s,
    )
    found = judge(facts, Limits(min_read_rows=min_read_rows, max_kept_pct=max_kept_pct))
    if found.code == "lock_contention":
        return await why_it_waits(pg, found)
    found = await beside_the_plan(pg, facts, found, mean_ms=first.mean_ms if first.calls else 0.0)
    return await tried_out(pg, facts.text, found)


def _nothing(statements: CheckResult[Any] | Sequence[Any]) -> Diagnosis:
    if isinstance(statements, CheckResult) and statements.status in (Status.UNKNOWN, Status.SKIPPED):
        text = f"There is no statement to examine: {statements.reason or statements.summary}"
        return Diagnosis(Status.UNKNOWN, summary=text, against=[statements.remedy] if statements.remedy else [])
    return Diagnosis(Status.OK, summary="No statement ran while it was watched.")
