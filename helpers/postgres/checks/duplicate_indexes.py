"""Indexes that another index of the same table makes redundant.

The same index twice, or one whose columns are the first columns of another: both are written, one would do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import ask, judged, many, named, size
from helpers.results import CheckResult

__all__ = ["RedundantIndex", "duplicate_indexes", "judge"]


@dataclass(frozen=True, slots=True)
class RedundantIndex:
    """One index that may go; `kept` serves its queries too; `kind` is same or prefix."""

    index: str
    table: str
    kept: str
    kind: str
    size_bytes: int


async def duplicate_indexes(pg: Postgres) -> CheckResult[RedundantIndex]:
    """Redundant indexes, the largest first; an index that enforces something is never one.

    Only indexes of the same method, operator classes, collations, order and condition are compared; a prefix only among btrees
    without expressions.

    Returns:
        PROBLEM when there are any; OK and empty otherwise.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: pghero `duplicate_indexes`, pg-extras, postgres-mcp, postgres_dba i2; PostgreSQL manual, "Multicolumn Indexes".

    """
    return judge(await ask(pg, __file__, RedundantIndex))


def judge(rows: Sequence[RedundantIndex]) -> CheckResult[RedundantIndex]:
    """Return the status of the indexes; pure."""
    return judged(
        rows,
        lambda _: True,
        problem=lambda bad: (
            f"{many(len(bad), 'index is', 'indexes are')} redundant, {size(sum(r.size_bytes for r in bad))} together: "
            f"{named([f'{r.index} ({r.kept} serves the same)' for r in bad])}."
        ),
        fine="No index is made redundant by another.",
    )
