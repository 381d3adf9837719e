"""VACUUMs that run now, and whether they get on.

A VACUUM that must go through the indexes more than once has too little maintenance_work_mem for the dead rows it found: each round
reads every index whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import age, ask, judged, many, named, unknown
from helpers.results import CheckResult

__all__ = ["RunningVacuum", "judge", "vacuum_progress"]


@dataclass(frozen=True, slots=True)
class RunningVacuum:
    """One VACUUM of this database; `index_rounds` are finished passes over the indexes, `autovacuum` who started it."""

    pid: int
    table: str | None
    phase: str | None
    scanned_pct: float | None
    index_rounds: int | None
    autovacuum: bool | None
    running_s: float | None


async def vacuum_progress(pg: Postgres) -> CheckResult[RunningVacuum]:
    """VACUUMs that run in this database, the longest first.

    Returns:
        PROBLEM when one has gone through the indexes and must again; OK otherwise; UNKNOWN when another role's is hidden.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, pg_stat_progress_vacuum.index_vacuum_count, maintenance_work_mem; pg-extras `vacuum_progress`.

    """
    return judge(await ask(pg, __file__, RunningVacuum))


def judge(rows: Sequence[RunningVacuum]) -> CheckResult[RunningVacuum]:
    """Return the status of the VACUUMs; pure."""
    if any(row.phase is None for row in rows):
        return unknown("Another role vacuums, and this role may not see how far it is.", rows=rows)

    def again(row: RunningVacuum) -> bool:
        return (row.index_rounds or 0) >= (1 if row.phase in ("scanning heap", "vacuuming indexes") else 2)

    return judged(
        rows,
        again,
        problem=lambda bad: (
            "Too little maintenance_work_mem: "
            f"{named([f'{r.table} (round {(r.index_rounds or 0) + 1} over its indexes, {age(r.running_s or 0)}, {r.scanned_pct or 0:.0f} % read)' for r in bad])}."
        ),
        fine=f"{many(len(rows), 'table is', 'tables are')} being vacuumed." if rows else "No table is being vacuumed.",
    )
