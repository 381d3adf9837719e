"""Large tables that are mostly read from end to end.

Where most reads of a large table are sequential, an index is missing or unused; the runbook `missing_index` examines one statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.counted_since import counted_for_s
from helpers.postgres.judging import age, ask, judged, named
from helpers.results import CheckResult

__all__ = ["ScannedTable", "judge", "sequential_scans"]

MIN_ROWS = 10_000.0  # pghero `missing_indexes`: 10,000 live rows
MIN_INDEX_PCT = 95.0  # pghero: fewer than 95 % of the scans by index
MIN_SCANS = 20  # a dump and a few reports are no pattern


@dataclass(frozen=True, slots=True)
class ScannedTable:
    """One table's scans since its counters began; `rows_per_scan` are read by one sequential scan."""

    table: str
    rows: float
    seq_scans: int
    index_scans: int
    index_pct: float
    rows_per_scan: float


async def sequential_scans(
    pg: Postgres, *, min_rows: float = MIN_ROWS, min_index_pct: float = MIN_INDEX_PCT, min_scans: int = MIN_SCANS
) -> CheckResult[ScannedTable]:
    """Tables that were read sequentially, the most rows read that way first.

    Args:
        pg: Read-only session.
        min_rows: Smaller tables are rightly read whole.
        min_index_pct: Share of the scans that should use an index, in per cent.
        min_scans: Fewest sequential scans to judge by.

    Returns:
        PROBLEM when a table is read mostly whole; OK otherwise. Cumulative: `counted_s` in the facts says since when.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: pghero `missing_indexes`, pg-extras `seq_scans`; PostgreSQL manual, pg_stat_all_tables.

    """
    counted = await counted_for_s(pg)
    rows = await ask(pg, __file__, ScannedTable)
    return judge(rows, counted_s=counted, min_rows=min_rows, min_index_pct=min_index_pct, min_scans=min_scans)


def judge(
    rows: Sequence[ScannedTable], *, counted_s: float, min_rows: float, min_index_pct: float, min_scans: int
) -> CheckResult[ScannedTable]:
    """Return the status of the tables; pure."""
    facts = {"counted_s": round(counted_s), "min_rows": min_rows, "min_index_pct": min_index_pct, "min_scans": min_scans}
    return judged(
        rows,
        lambda row: row.rows_per_scan >= min_rows and row.seq_scans >= min_scans and row.index_pct < min_index_pct,
        problem=lambda bad: (
            f"In {age(counted_s)} mostly read from end to end: "
            f"{named([f'{r.table} ({r.seq_scans:,} times {r.rows_per_scan:,.0f} rows)' for r in bad])}."
        ),
        fine="No large table is mostly read from end to end.",
        facts=facts,
    )
