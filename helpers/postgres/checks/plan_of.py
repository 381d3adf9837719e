"""The plan of one statement, node by node: what it expected, what it met, and what did not fit into memory.

Where the estimate leaves the truth, every node above it may be the wrong one; where a sort or a hash spills, memory was short. A plain
SELECT with its values is run, in a transaction that is rolled back; anything else is only explained.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from helpers.errors import BadAnswer, Refused, TimedOut
from helpers.postgres.connect import Postgres
from helpers.postgres.plans.facts import OFF_BY
from helpers.postgres.plans.gather import ANALYZE_S, may_run
from helpers.postgres.plans.nodes import PlanNode, nodes_of
from helpers.postgres.plans.say import number
from helpers.results import CheckResult, Status

__all__ = ["judge", "plan_of"]

OURS = "cursor_tuple_fraction"  # set by the session itself, so that plans are those of the application
MANY_ROWS = 1_000.0  # an estimate that is off by ten among a few rows costs nothing


async def plan_of(pg: Postgres, *, query: str, run: bool = True, timeout_s: float = ANALYZE_S) -> CheckResult[PlanNode]:
    """The nodes of the statement's plan, in the order EXPLAIN prints them.

    Args:
        pg: Read-only session.
        query: One statement. With `$n` for its values its generic plan is shown, which is never run.
        run: Whether a plain SELECT with its values may be run; each node is then timed.
        timeout_s: Seconds it may run; cut off, its plan is shown without a run.

    Returns:
        PROBLEM when an estimate is off tenfold among a thousand rows or more, or a node spills to disk; OK otherwise; UNKNOWN when it
        was not run, with the rows as the planner expects them, or when it cannot be explained.

    Raises:
        Unreachable: the server is gone.

    Source: PostgreSQL manual, Using EXPLAIN; FAULTS C6 (estimates), C8 (spills).

    """
    why = "" if run and may_run(query) else "It was not run: only a plain SELECT with its values is."
    try:
        if not why:
            plan = await pg.explain(query, analyze=True, timing=True, timeout_s=timeout_s)
            return judge(nodes_of(plan), plan)
    except TimedOut as problem:
        why = f"It was not run to its end: {problem.reason}"
    except (Refused, BadAnswer) as problem:
        why = f"It was not run: {problem.reason}"
    try:
        rows = nodes_of(await pg.explain(query))
    except (TimedOut, Refused, BadAnswer) as problem:
        remedy = problem.remedy or "Give `query` as it is sent, with every table's schema."
        return CheckResult(Status.UNKNOWN, reason=f"The statement could not be explained: {problem.reason}", remedy=remedy)
    return CheckResult(Status.UNKNOWN, rows, "What the planner expects.", reason=why, remedy="Give a SELECT with its values.")


def judge(rows: Sequence[PlanNode], plan: dict[str, Any]) -> CheckResult[PlanNode]:
    """Return the status of a plan that was run; pure."""
    settings = {k: str(v) for k, v in plan.get("Settings", {}).items() if k != OURS}
    facts = {"execution_ms": plan.get("Execution Time"), "planning_ms": plan.get("Planning Time"), "settings": settings}
    spilled = [r for r in rows if r.spill]
    wrong = [r for r in rows if (r.error or 1.0) >= OFF_BY and max(r.actual_rows or 0.0, r.estimated_rows) >= MANY_ROWS]
    slowest = max(rows, key=lambda r: r.self_ms or 0.0)
    took = f"{_named(slowest)} takes {slowest.self_ms or 0:,.1f} of {plan.get('Execution Time', 0):,.1f} ms."
    if not spilled and not wrong:
        return CheckResult(Status.OK, rows, took, facts=facts)
    deepest = max(wrong, key=lambda r: r.depth, default=None)
    lines = [took]
    if deepest is not None:
        met = number(deepest.actual_rows or 0.0)
        lines.append(
            f"{_named(deepest)} expected {number(deepest.estimated_rows)} rows and met {met}: off by {number(deepest.error or 1.0)}×."
        )
    lines += [f"{_named(r)} spills: {r.spill}." for r in spilled[:3]]
    return CheckResult(Status.PROBLEM, rows, " ".join(lines), facts=facts)


def _named(row: PlanNode) -> str:
    return " ".join([row.node, *([f"on {row.relation}"] if row.relation else [])])
