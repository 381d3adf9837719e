"""Whether a better plan was there to be chosen: the statement once more, with one kind of plan node switched off (I/O).

An estimate that is off explains slowness only where the planner, had it known, would have done something else that is faster.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from helpers.errors import BadAnswer, Refused, TimedOut
from helpers.postgres.connect import Postgres
from helpers.postgres.plans.facts import OFF_BY, Alternative, Read

__all__ = ["alternative_to"]

MOST_TRIED = 2  # each is one more run, cut off when it takes as long as the plan that was chosen
SHORTEST_S = 0.2
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
    for without in list(dict.fromkeys(w for r in wrong for w in _suspects(r)))[:MOST_TRIED]:
        tried.append(without)
        try:
            plan = await pg.explain(text, analyze=True, without=_WITHOUT[without], timeout_s=max(took_ms / 1000, SHORTEST_S))
        except (TimedOut, Refused, BadAnswer):
            continue  # it takes longer still, so it is no better plan
        ms = float(plan["Execution Time"])
        if ms < (best.execution_ms if best else took_ms):
            best = Alternative(without, ms)
    return best, tuple(tried)


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
