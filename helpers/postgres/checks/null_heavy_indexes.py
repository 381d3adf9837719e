"""Indexes that mostly hold nulls.

Most entries stand for rows without a value, which queries rarely look for. A partial index, `WHERE column IS NOT NULL`, is a
fraction of the size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import ask, judged, many, named, unknown
from helpers.results import CheckResult

__all__ = ["NullHeavyIndex", "judge", "null_heavy_indexes"]

MAX_NULL_PCT = 50.0  # pg-extras `null_indexes`
MIN_PAGES = 128  # pg-extras: 1 MB


@dataclass(frozen=True, slots=True)
class NullHeavyIndex:
    """One index on one column; `null_pct` is None when the role cannot see the column's statistics, or there are none."""

    index: str
    table: str
    column: str
    size_bytes: int
    null_pct: float | None


async def null_heavy_indexes(
    pg: Postgres, *, max_null_pct: float = MAX_NULL_PCT, min_pages: int = MIN_PAGES
) -> CheckResult[NullHeavyIndex]:
    """Whole, plain indexes on one column, the most null bytes first; 500 of the largest are looked at.

    Args:
        pg: Read-only session.
        max_null_pct: Share of nulls, in per cent, that is a problem.
        min_pages: Smaller indexes are left out.

    Returns:
        PROBLEM when one holds that many; OK otherwise; UNKNOWN when statistics are missing or hidden and none that is seen is bad.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: pg-extras `null_indexes`; PostgreSQL manual, pg_stats.null_frac, "Partial Indexes".

    """
    return judge(await ask(pg, __file__, NullHeavyIndex, min_pages), max_null_pct=max_null_pct)


def judge(rows: Sequence[NullHeavyIndex], *, max_null_pct: float) -> CheckResult[NullHeavyIndex]:
    """Return the status of the indexes; pure."""
    facts = {"max_null_pct": max_null_pct}
    found = judged(
        rows,
        lambda row: row.null_pct is not None and row.null_pct >= max_null_pct,
        problem=lambda bad: (
            f"{many(len(bad), 'index mostly holds', 'indexes mostly hold')} nulls: {named([f'{r.index} ({r.null_pct:.0f} %)' for r in bad])}."
        ),
        fine="No index of some size mostly holds nulls.",
        facts=facts,
    )
    blind = [row.index for row in rows if row.null_pct is None]
    if blind and found.status == "OK":
        return unknown(
            f"No statistics of the column of {named(blind)}.", "GRANT pg_read_all_data TO the diagnostic role, or ANALYZE.", rows, facts
        )
    return found
