"""Tables whose updates do not fit on the page of the row they change.

An update that stays on its page and changes no indexed column (HOT) leaves the indexes alone. One that moves to another page writes
every index of the table; a lower fillfactor leaves room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import ask, judged, named, skipped
from helpers.results import CheckResult

__all__ = ["TableUpdates", "heap_only_updates", "judge"]

MAX_NEWPAGE_PCT = 20.0  # ruby-pg-extras `new_page_updates`
MIN_UPDATES = 1000  # fewer say little; pg-extras asks for 10,000 whatever the table's size


@dataclass(frozen=True, slots=True)
class TableUpdates:
    """One table's updates since its counters began; `newpage_updates` is None before PostgreSQL 16."""

    table: str
    updates: int
    hot_updates: int
    newpage_updates: int | None
    rows: float
    fillfactor: int
    hot_pct: float
    newpage_pct: float | None


async def heap_only_updates(
    pg: Postgres, *, max_newpage_pct: float = MAX_NEWPAGE_PCT, min_updates: int = MIN_UPDATES
) -> CheckResult[TableUpdates]:
    """Tables with updates, the most updates that moved to another page first.

    Args:
        pg: Read-only session.
        max_newpage_pct: Share of a table's updates that may move, in per cent.
        min_updates: Fewest updates to judge by; a table must also have been updated half as often as it has rows.

    Returns:
        PROBLEM when one is past that; OK otherwise; SKIPPED with the rows before PostgreSQL 16, which does not count moves.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: ruby-pg-extras `diagnose`; PostgreSQL manual, "Heap-Only Tuples", pg_stat_all_tables.n_tup_newpage_upd (16+).

    """
    return judge(await ask(pg, __file__, TableUpdates), max_newpage_pct=max_newpage_pct, min_updates=min_updates)


def judge(rows: Sequence[TableUpdates], *, max_newpage_pct: float, min_updates: int) -> CheckResult[TableUpdates]:
    """Return the status of the tables; pure."""
    facts = {"max_newpage_pct": max_newpage_pct, "min_updates": min_updates}
    if rows and all(row.newpage_updates is None for row in rows):
        return skipped("PostgreSQL counts updates that move to another page from version 16 on.", rows, facts)
    return judged(
        rows,
        lambda row: row.updates >= max(min_updates, row.rows / 2) and (row.newpage_pct or 0.0) >= max_newpage_pct,
        problem=lambda bad: (
            "Updates do not fit on their page: "
            f"{named([f'{r.table} ({r.newpage_pct:.0f} % of {r.updates:,} moved, fillfactor {r.fillfactor})' for r in bad])}."
        ),
        fine="Updates mostly stay on their page.",
        facts=facts,
    )
