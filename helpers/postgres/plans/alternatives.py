"""Whether a better plan was there to be chosen: the statement once more, with one kind of plan node switched off (I/O).

An estimate that is off explains slowness only where the planner, had it known, would have done something else that is faster.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from helpers.errors import BadAnswer, Refused, TimedOut
from helpers.postgres.connect import Postgres
from helpers.postgres.plans.facts import OFF_BY, Alternative, Read

__all__ = ["alternative_to"]

MOST_TRIED = 2  # each is one more run, cut off when it takes as long as the plan that was chosen; a faster one costs that plan's run again
SHORTEST_S = 0.2
FASTER = 2.0  # Limits.min_faster
_INDEXES = ("enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan")
_WITHOUT = {
    "a nested loop": ("enable_nestloop",),
    "a hash or merge join": ("enable_hashjoin", "enable_mergejoin"),
    "a sequential scan": ("enable_seqscan",),
    "an index": _INDEXES,
}


async def alternative_to(pg: Postgres, text: str, reads: Sequence[Read], took_ms: float) -> tuple[Alternative | None, tuple[str, ...]]:
    """Return the fastest other plan that ended sooner than `took_ms`, or None, and what was left out in those that were run.

    Args:
        pg: Read-only session.
        text: The statement, which was run already as it is: a plain SELECT with its values.
        reads: Its reads; only those whose estimate is far off say which plan may have been chosen in error.
        took_ms: How long the plan that was chosen took; no other may take longer.

    """
    wrong = [r for r in reads if r.error >= OFF_BY]
    best, tried = None, []
    chosen = _shape((await pg.explain(text))["Plan"]) if wrong else ()
    for without in list(dict.fromkeys(w for r in wrong for w in _suspects(r)))[:MOST_TRIED]:
        tried.append(without)
        try:
            plan = await pg.explain(text, analyze=True, without=_WITHOUT[without], timeout_s=max(took_ms / 1000, SHORTEST_S))
        except (TimedOut, Refused, BadAnswer):
            continue  # it takes longer still, so it is no better plan
        ms = float(plan["Execution Time"])
        if _shape(plan["Plan"]) != chosen and ms < (best.execution_ms if best else took_ms):
            best = Alternative(without, ms)
    if best is not None and not await _still_slower(pg, text, took_ms, best):
        best = None
    return best, tuple(tried)


async def _still_slower(pg: Postgres, text: str, took_ms: float, best: Alternative) -> bool:
    """Whether the plan that was chosen is slower once more: by then whatever it read is in memory for it, too."""
    try:
        again = await pg.explain(text, analyze=True, timeout_s=max(took_ms / 1000, SHORTEST_S))
    except (TimedOut, Refused, BadAnswer):
        return True
    return float(again["Execution Time"]) >= FASTER * best.execution_ms


def _shape(node: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the kinds of a plan's nodes, its tables and indexes: plans that differ in costs alone are the same plan."""
    what = (node["Node Type"], node.get("Relation Name"), node.get("Index Name"))
    return (*what, *(_shape(child) for child in node.get("Plans", [])))


def _suspects(read: Read) -> Iterator[str]:
    """Yield what may have been chosen because of the wrong estimate, the likeliest first."""
    joins = {kind for scan in read.scans for kind in scan.join_kinds}
    if "Nested Loop" in joins:
        yield "a nested loop"
    if read.sequential:
        yield "a sequential scan"
    if joins & {"Hash Join", "Merge Join"}:
        yield "a hash or merge join"
    if any(scan.index for scan in read.scans):
        yield "an index"
