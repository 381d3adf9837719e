"""Indexes that take far more space than their entries need (an estimate).

Pages that emptied unevenly stay in a btree: more to cache, more to read. REINDEX CONCURRENTLY packs it anew. The estimate comes from
statistics, without reading the index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import ask, judged, named, size, unknown
from helpers.results import CheckResult

__all__ = ["IndexBloat", "index_bloat", "judge"]

MAX_WASTED_PCT = 60.0  # a btree filled at random settles near 30 % empty; the estimate adds its own error
MIN_OF_DATABASE_PCT = 1.0  # pghero and postgres-mcp: 100 MB; here relative to the database
MIN_PAGES = 128


@dataclass(frozen=True, slots=True)
class IndexBloat:
    """One btree: pages as they are, and as many as its entries should need; `known` is False when the role cannot see statistics."""

    index: str
    table: str
    size_bytes: int
    expected_bytes: int
    wasted_bytes: int
    wasted_pct: float
    of_database_pct: float
    known: bool


async def index_bloat(
    pg: Postgres, *, max_wasted_pct: float = MAX_WASTED_PCT, min_of_database_pct: float = MIN_OF_DATABASE_PCT, min_pages: int = MIN_PAGES
) -> CheckResult[IndexBloat]:
    """The 200 largest btree indexes by estimated waste, the most bytes first.

    Args:
        pg: Read-only session.
        max_wasted_pct: Share of an index that may be waste, in per cent.
        min_of_database_pct: Waste below this share of the database is left alone, in per cent.
        min_pages: Smaller indexes are left out.

    Returns:
        PROBLEM when an index is past both; OK otherwise; UNKNOWN when statistics are missing or hidden and none that is seen is bad.
        Always an estimate; equal keys are stored once (deduplication), so that it errs towards too little waste.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, "B-Tree Indexes", pg_stats; the idea: ioguix' bloat estimation, which most tools use.

    """
    rows = await ask(pg, __file__, IndexBloat, min_pages)
    return judge(rows, max_wasted_pct=max_wasted_pct, min_of_database_pct=min_of_database_pct)


def judge(rows: Sequence[IndexBloat], *, max_wasted_pct: float, min_of_database_pct: float) -> CheckResult[IndexBloat]:
    """Return the status of the estimates; pure."""
    facts = {"method": "estimate", "max_wasted_pct": max_wasted_pct, "min_of_database_pct": min_of_database_pct}
    found = judged(
        rows,
        lambda row: row.known and row.wasted_pct >= max_wasted_pct and row.of_database_pct >= min_of_database_pct,
        problem=lambda bad: (
            f"By estimate mostly empty: {named([f'{r.index} ({size(r.wasted_bytes)} of {size(r.size_bytes)})' for r in bad])}."
        ),
        fine="No large index is, by estimate, mostly empty.",
        facts=facts,
    )
    blind = [row.index for row in rows if not row.known]
    if blind and found.status == "OK":
        return unknown(
            f"No statistics to estimate by for {named(blind)}.", "GRANT pg_read_all_data TO the diagnostic role, or ANALYZE.", rows, facts
        )
    return found
