"""Foreign keys by what a deleted parent row costs.

For every row that goes from a parent, PostgreSQL looks for rows of the child that refer to it. It makes an index for the parent's side by
itself, and none for the child's: without one, each lookup reads the whole child.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.foreign_keys import ForeignKey, read_foreign_keys
from helpers.results import CheckResult, Status

__all__ = ["MIN_ROWS", "ForeignKeyCost", "foreign_keys_by_cost", "judge"]

MIN_ROWS = 10_000.0  # rows a lookup must read before an index matters (as in plans/judge.py; pghero `missing_indexes`: 10,000)


@dataclass(frozen=True, slots=True)
class ForeignKeyCost:
    """One foreign key: the index that serves its lookups (empty: none), the child's rows, and the rows its parent lost so far."""

    constraint: str
    child: str
    columns: str
    parent: str
    on_delete: str
    served_by: str
    child_rows: float
    parent_deletes: int


async def foreign_keys_by_cost(pg: Postgres, *, table: str = "", min_rows: float = MIN_ROWS) -> CheckResult[ForeignKeyCost]:
    """Foreign keys, the one whose lookups cost most first.

    Args:
        pg: Read-only session.
        table: Only those that reference this table (SQL name); empty: all.
        min_rows: Rows of a child below which reading it whole is quick.

    Returns:
        PROBLEM when rows go from a parent whose child is large and has no index for it; OK otherwise. A lookup for a changed key of a
        parent costs the same, and is not counted: the server counts updates, not which column they change.

    Raises:
        ParameterError: there is no such table.
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, "Constraints" 5.5.5: an index on the referencing columns.

    """
    return judge(await read_foreign_keys(pg, table), table=table, min_rows=min_rows)


def judge(keys: Sequence[ForeignKey], *, table: str = "", min_rows: float = MIN_ROWS) -> CheckResult[ForeignKeyCost]:
    """Return the status of the foreign keys; pure."""
    rows = [
        ForeignKeyCost(k.constraint, k.child, ", ".join(k.columns), k.parent, k.on_delete, "" if k.unserved else k.served_by, k.child_rows, k.parent_deletes)
        for k in keys
    ]  # fmt: skip
    bad = [k for k in keys if k.unserved and k.child_rows >= min_rows and (k.parent_deletes or table)]
    facts = {"min_rows": min_rows, "without_index": sum(bool(k.unserved) for k in keys)}
    if bad:
        first = bad[0]
        text = (
            f"{first.constraint} has no index: each of the {first.parent_deletes:,} rows that went from {first.parent} cost a read of "
            f"{first.child_rows:,.0f} rows" + (f"; {len(bad) - 1} more are like it." if len(bad) > 1 else ".")
        )
        return CheckResult(Status.PROBLEM, rows, text, facts=facts)
    if not keys:
        return CheckResult(Status.OK, summary=f"No foreign key references {table or 'a table here'}.", facts=facts)
    return CheckResult(
        Status.OK, rows, f"Every foreign key whose parent loses rows is served; {keys[0].constraint} costs most.", facts=facts
    )
