"""The largest tables and indexes.

Where the disk goes. Sizes are pages as VACUUM and ANALYZE last counted them, so that asking waits for no lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import ask, judged, size, unknown
from helpers.results import CheckResult

__all__ = ["Relation", "judge", "largest_relations"]


@dataclass(frozen=True, slots=True)
class Relation:
    """One table, index, materialized view or TOAST table; `share_pct` is of all relations of the database."""

    relation: str
    kind: str
    table: str
    size_bytes: int
    share_pct: float
    rows: float
    never_measured: int


async def largest_relations(pg: Postgres, *, limit: int = 20) -> CheckResult[Relation]:
    """The largest relations of the database, the largest first.

    Args:
        pg: Read-only session.
        limit: Most rows returned.

    Returns:
        OK: a size alone is no problem. UNKNOWN when nothing was ever vacuumed or analyzed; `never_measured` relations are not counted.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, pg_class.relpages; pghero `relation_sizes`, pg-extras `total_table_size`.

    """
    return judge(await ask(pg, __file__, Relation, limit, limit=limit))


def judge(rows: Sequence[Relation]) -> CheckResult[Relation]:
    """Return the status of the sizes; pure."""
    if not rows:
        return unknown("No relation of this database was ever measured.", "Run ANALYZE, or wait for autovacuum.")
    first = rows[0]
    facts = {"never_measured": first.never_measured}
    fine = f"The largest is the {first.kind} {first.relation}: {size(first.size_bytes)}, {first.share_pct:.0f} % of the database."
    return judged(rows, lambda _: False, problem=lambda _: "", fine=fine, facts=facts)
