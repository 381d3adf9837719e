"""How often a page was in PostgreSQL's own cache when it was wanted.

A low share means that the working set does not fit, or that something reads whole tables. A miss may still be served by the operating
system's cache.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.counted_since import counted_for_s
from helpers.postgres.judging import age, ask, judged, unknown
from helpers.results import CheckResult

__all__ = ["CacheHits", "cache_hit_ratio", "judge"]

MIN_HIT_PCT = 95.0  # postgres-mcp 95 %, pg-extras 98.5 %, pghero 99 %: the lowest, for it is a hint and no fault
WATCHED_BLOCKS = 1000  # of a window: enough to tell one per cent


@dataclass(frozen=True, slots=True)
class CacheHits:
    """Pages wanted by one kind of relation (tables or indexes), and the share that was in shared_buffers."""

    kind: str
    hits: float
    reads: float
    hit_pct: float | None
    buffers: int


async def cache_hit_ratio(pg: Postgres, *, window_s: float = 0.0, min_hit_pct: float = MIN_HIT_PCT) -> CheckResult[CacheHits]:
    """Cache hits of this database's tables and of its indexes.

    Args:
        pg: Read-only session.
        window_s: Seconds to watch; 0 takes everything since the counters began.
        min_hit_pct: Lowest share of hits, in per cent.

    Returns:
        PROBLEM when tables or indexes are below that; OK otherwise; UNKNOWN when of neither as many pages were wanted as
        shared_buffers holds (over a window: 1,000), for then the cache was only being filled.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: pghero, pg-extras, postgres-mcp; PostgreSQL manual, pg_statio_all_tables.

    """
    rows = await ask(pg, __file__, CacheHits)
    if window_s > 0:
        await asyncio.sleep(window_s)
        rows = [_difference(a, b) for a, b in zip(rows, await ask(pg, __file__, CacheHits), strict=True)]
    seconds = window_s or await counted_for_s(pg)
    return judge(rows, seconds=seconds, watched=window_s > 0, min_hit_pct=min_hit_pct)


def _difference(before: CacheHits, after: CacheHits) -> CacheHits:
    hits, reads = max(after.hits - before.hits, 0.0), max(after.reads - before.reads, 0.0)
    return CacheHits(after.kind, hits, reads, 100.0 * hits / (hits + reads) if hits + reads else None, after.buffers)


def judge(rows: Sequence[CacheHits], *, seconds: float, watched: bool, min_hit_pct: float) -> CheckResult[CacheHits]:
    """Return the status of the shares; pure."""
    facts = {"seconds": round(seconds), "watched": watched, "min_hit_pct": min_hit_pct}
    enough = WATCHED_BLOCKS if watched else max((row.buffers for row in rows), default=0)
    wanted = max((row.hits + row.reads for row in rows), default=0.0)
    if wanted < enough:
        reason = f"At most {wanted:,.0f} pages of a kind were wanted in {age(seconds)}; a share says something from {enough:,} on."
        return unknown(reason, "Ask again under load.", rows, facts)
    said = ", ".join(f"{row.kind} {row.hit_pct:.1f} %" for row in rows if row.hit_pct is not None)
    return judged(
        rows,
        lambda row: row.hit_pct is not None and row.hit_pct < min_hit_pct and row.hits + row.reads >= enough,
        problem=lambda _: f"Pages found in the cache in {age(seconds)}: {said}.",
        fine=f"Pages found in the cache in {age(seconds)}: {said}.",
        facts=facts,
    )
