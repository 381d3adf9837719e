"""Drop an index that is INVALID and does nothing another one does not do.

DROP INDEX CONCURRENTLY, without blocking writers; its inverse makes the index again by its recorded definition, unless a valid index
does its work anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from helpers.contracts import Fix, FixPreview
from helpers.errors import BadAnswer, FixFailed, SystemProblem
from helpers.postgres.checks.invalid_index import broken_indexes
from helpers.postgres.connect import Postgres
from helpers.postgres.index_state import find_index, index_state
from helpers.postgres.write import PostgresWriter

__all__ = ["DropIndex"]

_ENFORCED = "it is unique and refuses new duplicates, invalid as it is: dropping it would let them in."


@dataclass(frozen=True)
class DropIndex(Fix):
    """Drop `index` (as SQL), which must be invalid. `lock_timeout_s` bounds each wait for a lock, `timeout_s` the work."""

    index: str
    lock_timeout_s: float = 5.0
    timeout_s: float = 3600.0

    needs: ClassVar[str] = "postgres"

    async def preview(self, session: Postgres) -> FixPreview:
        """Return the statement and its inverse; not needed when there is no such index; raise FixFailed when it is of use to somebody."""
        state = await find_index(session, self.index)
        if state is None:
            return FixPreview([], effects=[f"There is no index {self.index}: nothing to do."], needed=False)
        if state.valid or state.depended_on or state.partitioned:
            why = "it is valid" if state.valid else "a constraint or a partitioned table needs it"
            raise FixFailed(f"{state.quoted} is not dropped: {why}.")
        covered_by = next((b.covered_by for b in await broken_indexes(session, self.index)), "")
        if state.unique and state.ready and not covered_by:
            raise FixFailed(f"{state.quoted} is not dropped: {_ENFORCED}")
        again = _concurrently(state.definition)
        effects = [
            f"{state.quoted} on {state.table} ({state.size_bytes / 1e6:,.1f} MB) serves no query. {_lost(covered_by)}",
            f"CONCURRENTLY blocks no one; it waits for transactions that use the table, at most {self.lock_timeout_s:g} s each.",
            f"Its definition is recorded: {state.definition}.",
        ]
        inverse = {"index": state.quoted, "definition": again, "covered_by": covered_by}
        return FixPreview([f"DROP INDEX CONCURRENTLY {state.quoted}"], [again], inverse, effects, _advice(state.unique, covered_by))

    async def apply(self, writer: PostgresWriter, preview: FixPreview) -> None:
        """Drop it, looking once more that it is the same and still invalid. Raises FixFailed; run again, it finishes what it began."""
        if not preview.needed:
            return
        try:
            state = await index_state(writer, self.index)
            if state.valid or state.at_work or _concurrently(state.definition) != preview.inverse["definition"]:
                raise FixFailed(
                    f"{state.quoted} changed since the preview, or somebody is at work on it. Nothing was begun.", remedy="Preview again."
                )
            for statement in preview.statements:
                await writer.execute(statement, timeout_s=self.timeout_s, lock_timeout_s=self.lock_timeout_s)
        except SystemProblem as problem:
            remedy = problem.remedy or "An older transaction uses the table: end it or wait, then try again."
            raise FixFailed(f"The index was not dropped: {problem.reason}", remedy=remedy) from problem

    async def read_back(self, session: Postgres) -> str:
        """Return that there is no such index any more; raise FixFailed if there is."""
        if await find_index(session, self.index) is not None:
            raise FixFailed(f"{self.index} is still there.")
        return f"{self.index} is gone."

    async def undo(self, writer: PostgresWriter, inverse: dict[str, Any]) -> None:
        """Make it again as it was defined; not where it is there, or where the valid index that did its work still does."""
        try:
            covering = await find_index(writer, inverse["covered_by"]) if inverse["covered_by"] else None
            if (covering and covering.valid) or await find_index(writer, inverse["index"]) is not None:
                return
            await writer.execute(inverse["definition"], timeout_s=self.timeout_s, lock_timeout_s=self.lock_timeout_s)
        except BadAnswer as problem:
            if problem.code != "23505":  # over duplicates it is left INVALID, which is what it was
                raise FixFailed(f"The index could not be made again: {problem.reason}", remedy=problem.remedy) from problem
        except SystemProblem as problem:
            raise FixFailed(f"The index could not be made again: {problem.reason}", remedy=problem.remedy) from problem

    def patch(self, preview: FixPreview) -> str:
        """Return a migration (SQL) that drops it, with its way back."""
        if not preview.statements:
            return ""
        return f"-- Outside of a transaction block\n{preview.statements[0]};\n\n-- Way back:\n-- {preview.undo_statements[0]};\n"


def _concurrently(definition: str) -> str:
    """Return pg_get_indexdef()'s text, which begins CREATE [UNIQUE] INDEX, as a build that blocks no writer."""
    return definition.replace(" INDEX ", " INDEX CONCURRENTLY ", 1)


def _lost(covered_by: str) -> str:
    return f"{covered_by} does its work." if covered_by else "Writes do not maintain it and it enforces nothing, so nothing is lost."


def _advice(unique: bool, covered_by: str) -> list[str]:
    if covered_by or not unique:
        return []
    return [
        "The index was wanted unique, and the rows are not: remove the duplicates, then build it again; until then no index serves its columns, "
        "if queries need one: run `runbook run missing_index`."
    ]
