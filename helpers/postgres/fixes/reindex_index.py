"""Rebuild an index without blocking writers.

REINDEX INDEX CONCURRENTLY. What it replaces served nobody, so there is nothing to restore; a rebuild that fails leaves a `_ccnew` index
behind, which is taken away at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from helpers.contracts import Fix, FixPreview
from helpers.errors import FixFailed, SystemProblem
from helpers.postgres.connect import Postgres
from helpers.postgres.index_build import progress_told
from helpers.postgres.index_effects import stallers
from helpers.postgres.index_state import IndexState, index_state, transient_of
from helpers.postgres.write import PostgresWriter

__all__ = ["ReindexIndex"]

CLEANUP_S = 60.0
_DROP = "select format('DROP INDEX CONCURRENTLY IF EXISTS %I.%I', $1::text, $2::text) as sql"


@dataclass(frozen=True)
class ReindexIndex(Fix):
    """Rebuild `index` (as SQL). `lock_timeout_s` bounds each wait for a lock, `timeout_s` the work."""

    index: str
    lock_timeout_s: float = 5.0
    timeout_s: float = 3600.0

    needs: ClassVar[str] = "postgres"
    reversible: ClassVar[bool] = False

    def told(self, tell: Callable[[str], None]) -> Self:
        """Return this fix, which will tell `tell` the server's progress twice a second while it builds."""
        object.__setattr__(self, "_tell", tell)  # no field: it is no JSON value, and takes no part in equality
        return self

    async def preview(self, session: Postgres) -> FixPreview:
        """Return the statement, sizes, locks and the recorded definition; not needed when the index is valid already."""
        state = await index_state(session, self.index)
        if state.valid:
            return FixPreview([], effects=[f"{state.quoted} is valid: nothing to do."], needed=False)
        if state.partitioned:
            raise FixFailed(f"{state.quoted} belongs to a partitioned table: its partitions' indexes are rebuilt and attached one by one.")
        effects = [
            f"{state.table} has about {state.rows:,.0f} rows ({state.table_bytes / 1e6:,.1f} MB); it is read twice, and the index is there twice meanwhile.",
            "CONCURRENTLY takes SHARE UPDATE EXCLUSIVE: reads and writes go on; other DDL and VACUUM of the table wait.",
            f"It waits for transactions that use the table or hold an older snapshot, at most {self.lock_timeout_s:g} s each; then it gives up and cleans up.",
            "There is no inverse, and none is needed: the index that is replaced served nobody. Its definition is recorded.",
            *[f"Would stall it: {who}." for who in await stallers(session, [state.table_oid], self.lock_timeout_s)],
        ]
        recorded = {"index": state.quoted, "definition": state.definition}
        return FixPreview([f"REINDEX INDEX CONCURRENTLY {state.quoted}"], inverse=recorded, effects=effects, advice=[_lasting(state)])

    async def apply(self, writer: PostgresWriter, preview: FixPreview) -> None:
        """Rebuild it; on failure drop what the rebuild itself left and raise FixFailed."""
        if not preview.needed:
            return
        try:
            state = await index_state(writer, self.index)
            before = await transient_of(writer, state)
            old = await stallers(writer, [state.table_oid], self.lock_timeout_s)
        except SystemProblem as problem:
            raise FixFailed(f"The rebuild was not begun: {problem.reason}", remedy=problem.remedy) from problem
        if state.at_work or state.definition != preview.inverse["definition"]:
            raise FixFailed(
                "Somebody else is at work on the index, or changed it since the preview. Nothing was begun.", remedy="Preview again."
            )
        if old:
            raise FixFailed(f"The rebuild would be stalled by {old[0]}. Nothing was begun.", remedy="End that transaction or wait for it.")
        try:
            async with progress_told(writer, [state.table_oid], self.__dict__.get("_tell")):
                for statement in preview.statements:
                    await writer.execute(statement, timeout_s=self.timeout_s, lock_timeout_s=self.lock_timeout_s)
        except SystemProblem as problem:
            await self._cleaned_up(writer, state, before, problem)
            raise FixFailed(f"The index was not rebuilt: {problem.reason} Nothing is left behind.", remedy=problem.remedy) from problem

    async def _cleaned_up(self, writer: PostgresWriter, state: IndexState, before: list[tuple[str, str]], why: SystemProblem) -> None:
        try:
            for schema, name in await transient_of(writer, state):
                if (schema, name) not in before:
                    drop = (await writer.execute(_DROP, schema, name))[0]["sql"]
                    await writer.execute(drop, timeout_s=self.timeout_s, lock_timeout_s=CLEANUP_S)
        except SystemProblem as still:
            reason = f"The index was not rebuilt: {why.reason} What the rebuild left is still there: {still.reason}"
            raise FixFailed(reason, remedy="Run this runbook again: it names what was left, and drops it.") from why

    async def read_back(self, session: Postgres) -> str:
        """Return that the index is valid; raise FixFailed if it is not."""
        state = await index_state(session, self.index)
        if not state.valid:
            raise FixFailed(f"{state.quoted} is still not valid.")
        return f"{state.quoted} on {state.table} is valid and ready."

    async def undo(self, writer: PostgresWriter, inverse: dict[str, Any]) -> None:
        """There is none; raises FixFailed."""
        raise FixFailed("A rebuilt index is not made invalid again: nobody could use what it replaced.")


def _lasting(state: IndexState) -> str:
    return (
        f"Let the migration that builds {state.name} check pg_index.indisvalid at its end, and drop and build again what failed; "
        "CREATE INDEX IF NOT EXISTS takes an INVALID index for a good one."
    )
