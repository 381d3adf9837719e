"""A statement's plan, node by node: where its time goes, and where the planner guessed wrong.

A node whose rows were misjudged a hundredfold makes every choice above it a guess; a sort that spills waits for the disk.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from helpers.errors import BadAnswer, Refused
from helpers.postgres.checks.statements_by_total_time import Statement
from helpers.postgres.connect import Postgres
from helpers.postgres.judging import named, size, unknown
from helpers.postgres.plans.nodes import PlanNode, nodes_of
from helpers.redaction import mask_literals
from helpers.results import CheckResult, Status

__all__ = ["judge", "plan_tree"]

MAX_ERROR = 100.0  # as most plan viewers have it: off a hundredfold, another plan would have been chosen
MIN_ROWS = 100.0  # one row instead of none is no error


async def plan_tree(
    pg: Postgres,
    *,
    query: str,
    statements: Sequence[Statement] | CheckResult[Statement] = (),
    analyze: bool = False,
    max_error: float = MAX_ERROR,
) -> CheckResult[PlanNode]:
    """The nodes of a statement's plan, each parent before its children.

    Args:
        pg: Read-only session; its role needs SELECT on the tables.
        query: One statement; empty takes the first of `statements`.
        statements: What `statements_by_total_time` found. A statement with `$n` and no values gets its generic plan.
        analyze: Run it, timed, in a transaction that is rolled back; only a plain SELECT without `$n` is run.
        max_error: How many times more or fewer rows than expected a node may return.

    Returns:
        PROBLEM when a node is further off or spills; OK otherwise. Without `analyze` there are costs only, and nothing to find wrong.
        UNKNOWN when the statement cannot be explained, or not by this role.

    Raises:
        SystemProblem: the server cannot be asked, or not in time.

    Source: PostgreSQL manual, "Using EXPLAIN".

    """
    query = query.strip() or next((row.query.raw for row in statements), "")
    if not query:
        return CheckResult(Status.SKIPPED, reason="There is no statement to explain.")
    run = analyze and not re.search(r"\$\d", mask_literals(query))
    try:
        plan = await pg.explain(query, analyze=run, timing=run)
    except (BadAnswer, Refused) as problem:
        return unknown(problem.reason, problem.remedy or "Give a SELECT with its values written out.")
    return judge(nodes_of(plan["Plan"]), max_error=max_error)


def judge(rows: Sequence[PlanNode], *, max_error: float) -> CheckResult[PlanNode]:
    """Return the status of a plan; pure."""
    off = [r for r in rows if r.error is not None and r.error >= max_error and max(r.actual_rows or 0.0, r.expected_rows) >= MIN_ROWS]
    spills = [r for r in rows if r.spilled_bytes]
    ran = any(r.actual_rows is not None for r in rows)
    first = max(rows, key=lambda r: r.own_weight)
    what = f"{first.node} {first.target}".strip()
    text = f"{first.own_pct:.0f} % of the {'time' if ran else 'cost'} is {what}'s own, {first.own_weight:,.1f}{' ms' if ran else ''}."
    if off:
        wrong = [f"{r.node} {r.target} expected {r.expected_rows:,.0f} rows and got {r.actual_rows or 0:,.0f}" for r in off]
        text += f" The planner was wrong: {named(wrong)}."
    if spills:
        text += f" On disk: {named([f'{r.node} ({size(r.spilled_bytes)})' for r in spills])}."
    facts = {"analyzed": ran, "max_error": max_error, "unit": "ms" if ran else "cost"}
    return CheckResult(Status.PROBLEM if off or spills else Status.OK, rows, text, facts=facts)
