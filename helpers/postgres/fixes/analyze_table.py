"""Gather a table's statistics anew.

ANALYZE reads a sample and blocks neither reads nor writes. It has no inverse and needs none: what it replaces described rows that are
there no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from helpers.contracts import Fix, FixPreview
from helpers.errors import FixFailed, SystemProblem
from helpers.postgres.connect import Postgres
from helpers.postgres.index_target import resolve
from helpers.postgres.planner_statistics import Freshness, analyze_effects, freshness, must_be_fresh
from helpers.postgres.write import PostgresWriter

__all__ = ["AnalyzeTable"]


@dataclass(frozen=True)
class AnalyzeTable(Fix):
    """ANALYZE of `table` (as SQL), partitions included. `lock_timeout_s` bounds the wait for its lock, `timeout_s` the work."""

    table: str
    lock_timeout_s: float = 5.0
    timeout_s: float = 600.0

    needs: ClassVar[str] = "postgres"
    reversible: ClassVar[bool] = False

    async def preview(self, session: Postgres) -> FixPreview:
        """Return the statement, what it reads and locks; not needed when no row changed since the last ANALYZE."""
        target = await resolve(session, self.table)
        fresh = await freshness(session, target)
        if not fresh.modified and not fresh.never:
            return FixPreview([], effects=[f"No row of {target.quoted} changed since the last ANALYZE: nothing to do."], needed=False)
        effects = [*analyze_effects(target, fresh), "There is no inverse: the statistics it replaces describe rows that changed since."]
        return FixPreview([f"ANALYZE {target.quoted};"], effects=effects, advice=[_lasting(target.quoted, fresh)])

    async def apply(self, writer: PostgresWriter, preview: FixPreview) -> None:
        """Run it. Raises FixFailed when its lock or its time is not to be had; then the old statistics stand."""
        try:
            for statement in preview.statements:
                await writer.execute(statement, timeout_s=self.timeout_s, lock_timeout_s=self.lock_timeout_s)
        except SystemProblem as problem:
            remedy = problem.remedy or "Another ANALYZE, VACUUM or DDL of the table may hold its lock: try again when it has ended."
            raise FixFailed(f"The statistics stand as they were: {problem.reason}", remedy=remedy) from problem

    async def read_back(self, session: Postgres) -> str:
        """Return that the statistics are fresh, as the server counts; raise FixFailed when ANALYZE was skipped."""
        target = await resolve(session, self.table)
        fresh = await must_be_fresh(session, target)
        return f"The statistics of {target.quoted} are fresh: {fresh.modified_pct:.1f} % of {fresh.rows:,.0f} rows changed since."

    async def undo(self, writer: PostgresWriter, inverse: dict[str, Any]) -> None:
        """There is none; raises FixFailed."""
        raise FixFailed("ANALYZE cannot be undone: the statistics it replaced are gone, and described rows that changed since.")


def _lasting(table: str, fresh: Freshness) -> str:
    """Return what keeps the statistics from going stale again."""
    if fresh.switched_off:
        return f"Autovacuum is switched off for {table}, so nothing analyses it: ALTER TABLE {table} RESET (autovacuum_enabled);"
    return (
        f"End the job that loads or purges {table} with its own ANALYZE {table}; for slow drift analyse sooner: "
        f"ALTER TABLE {table} SET (autovacuum_analyze_scale_factor = 0.02);"
    )
