"""Tables that take far more space than their rows need (an estimate).

Space that VACUUM freed inside a table stays with it: scans read it, the cache holds it. The estimate comes from the planner's
statistics, without reading the table; pgstattuple would measure it, and reads it whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import ask, judged, named, size, unknown
from helpers.results import CheckResult

__all__ = ["TableBloat", "judge", "table_bloat"]

MAX_WASTED_PCT = 50.0  # the estimate is off by some tens of per cent; half the table is not
MIN_OF_DATABASE_PCT = 1.0  # check_postgres: 1 GB, pg-extras: ten times too large; here relative to the database
MIN_PAGES = 128  # in a smaller table one page more or less is too much


@dataclass(frozen=True, slots=True)
class TableBloat:
    """One table: pages as they are, and as many as its rows should need; `known` is False when the role cannot see its statistics."""

    table: str
    size_bytes: int
    expected_bytes: int
    wasted_bytes: int
    wasted_pct: float
    of_database_pct: float
    known: bool


async def table_bloat(
    pg: Postgres, *, max_wasted_pct: float = MAX_WASTED_PCT, min_of_database_pct: float = MIN_OF_DATABASE_PCT, min_pages: int = MIN_PAGES
) -> CheckResult[TableBloat]:
    """The 200 largest tables by estimated waste, the most bytes first.

    Args:
        pg: Read-only session.
        max_wasted_pct: Share of a table that may be waste, in per cent.
        min_of_database_pct: Waste below this share of the database is left alone, in per cent.
        min_pages: Smaller tables are left out.

    Returns:
        PROBLEM when a table is past both; OK otherwise; UNKNOWN when statistics are missing or hidden and none that is seen is bad.
        Always an estimate, and labelled so.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, "Database Page Layout", pg_stats; the idea: ioguix' bloat estimation, which most tools use.

    """
    rows = await ask(pg, __file__, TableBloat, min_pages)
    return judge(rows, max_wasted_pct=max_wasted_pct, min_of_database_pct=min_of_database_pct)


def judge(rows: Sequence[TableBloat], *, max_wasted_pct: float, min_of_database_pct: float) -> CheckResult[TableBloat]:
    """Return the status of the estimates; pure."""
    facts = {"method": "estimate", "max_wasted_pct": max_wasted_pct, "min_of_database_pct": min_of_database_pct}
    found = judged(
        rows,
        lambda row: row.known and row.wasted_pct >= max_wasted_pct and row.of_database_pct >= min_of_database_pct,
        problem=lambda bad: (
            f"By estimate more empty than full: {named([f'{r.table} ({size(r.wasted_bytes)} of {size(r.size_bytes)})' for r in bad])}."
        ),
        fine="No large table is, by estimate, more empty than full.",
        facts=facts,
    )
    blind = [row.table for row in rows if not row.known]
    if blind and found.status == "OK":
        return unknown(
            f"No statistics to estimate by for {named(blind)}.", "GRANT pg_read_all_data TO the diagnostic role, or ANALYZE.", rows, facts
        )
    return found
