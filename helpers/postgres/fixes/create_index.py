"""Create an index without blocking writers.

CREATE INDEX CONCURRENTLY, partition by partition where the table is partitioned; its inverse drops exactly what it made. A build that
fails leaves an INVALID index behind, which costs every write: it is taken away at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from helpers.contracts import Fix, FixPreview
from helpers.errors import FixFailed, ParameterError, SystemProblem, TimedOut
from helpers.postgres.connect import Postgres
from helpers.postgres.index_build import create_statements, drop_statements, end_own_build, inverse_of, progress_told
from helpers.postgres.index_effects import effects_of, equivalent, stallers
from helpers.postgres.index_target import LONGEST_NAME_BYTES, free_name, resolve, usable_keys, usable_predicate
from helpers.postgres.write import PostgresWriter

__all__ = ["CreateIndex"]

CLEANUP_S = 60.0  # DROP INDEX CONCURRENTLY blocks no one while it waits, so it may wait longer than the build


@dataclass(frozen=True)
class CreateIndex(Fix):
    """An index on `table` (as SQL) over `columns` (each a column or expression as SQL, with its operator class or direction if any).

    `where` makes it partial, `index_name` is made up when empty. `lock_timeout_s` bounds each wait for a lock, `timeout_s` each statement.
    """

    table: str
    columns: list[str]
    method: str = "btree"
    where: str = ""
    index_name: str = ""
    lock_timeout_s: float = 5.0
    timeout_s: float = 3600.0

    needs: ClassVar[str] = "postgres"

    def told(self, tell: Callable[[str], None]) -> Self:
        """Return this fix, which will tell `tell` the server's progress twice a second while it builds."""
        object.__setattr__(self, "_tell", tell)  # no field: it is no JSON value, and takes no part in equality
        return self

    async def preview(self, session: Postgres) -> FixPreview:
        """Return the exact statements, sizes, locks and the inverse; raise ParameterError when table or columns are not what they say."""
        if len(self.index_name.encode()) > LONGEST_NAME_BYTES:
            raise ParameterError(f"{self.index_name!r} is longer than {LONGEST_NAME_BYTES} bytes.")
        target = await resolve(session, self.table)
        keys, where = await usable_keys(session, target, self.columns), await usable_predicate(session, target, self.where)
        there = await equivalent(session, target, keys, where)
        if any(i.valid for i in there):
            name = next(i.name for i in there if i.valid)
            return FixPreview([], effects=[f"The index {name} serves already: nothing to do."], needed=False)
        words = [*keys, "idx"]
        inverse = await inverse_of(
            session, target, self.index_name or await free_name(session, target.schema, [target.table, *words]), words
        )
        await self._name_is_free(session, inverse)
        statements = await create_statements(session, target, inverse, self.method, keys, where)
        effects = await effects_of(session, target, keys, there, self.lock_timeout_s)
        inverse["table_oids"] = [target.oid, *(p.oid for p in target.parts[1:])]
        return FixPreview(statements, await drop_statements(session, inverse), inverse, effects)

    async def _name_is_free(self, session: Postgres, inverse: dict[str, Any]) -> None:
        first = inverse["indexes"][0]
        if await session.fetch(_NAMED, first["schema"], first["index"]):
            raise ParameterError(f"A relation called {first['index']} exists already.", remedy="Give another `index_name`, or none.")

    async def apply(self, writer: PostgresWriter, preview: FixPreview) -> None:
        """Build it; on failure take the INVALID leftover away and raise FixFailed, naming what is left if that fails too."""
        if not preview.needed:
            return
        await self._may_begin(writer, preview)
        try:
            async with progress_told(writer, preview.inverse["table_oids"], self.__dict__.get("_tell")):
                for statement in preview.statements:
                    await writer.execute(statement, timeout_s=self.timeout_s, lock_timeout_s=self.lock_timeout_s)
        except SystemProblem as problem:
            await self._cleaned_up(writer, preview, problem)
            waited = isinstance(problem, TimedOut)
            remedy = "An older transaction holds it up: see the preview. End it or wait, then try again." if waited else problem.remedy
            raise FixFailed(f"The index was not built: {problem.reason} Nothing is left behind.", remedy=remedy) from problem

    async def _may_begin(self, writer: PostgresWriter, preview: FixPreview) -> None:
        """Raise FixFailed, nothing begun, when a name is taken or an old transaction would stall the build and then its clean-up."""
        try:
            taken = [i["index"] for i in preview.inverse["indexes"] if await writer.execute(_NAMED, i["schema"], i["index"])]
            old = await stallers(writer, preview.inverse["table_oids"], self.lock_timeout_s)
        except SystemProblem as problem:
            raise FixFailed(f"The index was not begun: {problem.reason}", remedy=problem.remedy) from problem
        if taken:
            raise FixFailed(f"A relation called {taken[0]} appeared since the preview. Nothing was begun.", remedy="Preview again.")
        if old:
            raise FixFailed(f"The build would be stalled by {old[0]}. Nothing was begun.", remedy="End that transaction or wait for it.")

    async def _cleaned_up(self, writer: PostgresWriter, preview: FixPreview, why: SystemProblem) -> None:
        try:
            await self._dropped(writer, preview.inverse, CLEANUP_S)
        except FixFailed as still:
            remedy = f"Run `runbook undo`, or by hand: {'; '.join(preview.undo_statements)}"
            raise FixFailed(f"The index was not built: {why.reason} What was begun is still there: {still.reason}", remedy=remedy) from why

    async def read_back(self, session: Postgres) -> str:
        """Return the sentence that a valid and ready index serves these columns; raise FixFailed if none does."""
        target = await resolve(session, self.table)
        keys, where = await usable_keys(session, target, self.columns), await usable_predicate(session, target, self.where)
        there = await equivalent(session, target, keys, where)
        valid = [i for i in there if i.valid]
        if not valid:
            state = f"{there[0].name} is there but INVALID" if there else "there is none"
            raise FixFailed(f"No valid index on {self.table}({', '.join(self.columns)}): {state}.")
        return f"{valid[0].name} on {self.table}({', '.join(valid[0].keys)}) is valid and ready."

    async def undo(self, writer: PostgresWriter, inverse: dict[str, Any]) -> None:
        """Drop exactly the indexes `inverse` names, ending our own build of them first; none there is fine too."""
        await self._dropped(writer, inverse, self.lock_timeout_s)

    async def _dropped(self, writer: PostgresWriter, inverse: dict[str, Any], lock_timeout_s: float) -> None:
        try:
            await end_own_build(writer, inverse)
            for index, statement in zip(inverse["indexes"], await drop_statements(writer, inverse), strict=True):
                if await writer.execute(_OURS, index["schema"], index["index"], index["table"]):
                    await writer.execute(statement, timeout_s=self.timeout_s, lock_timeout_s=lock_timeout_s)
        except SystemProblem as problem:
            remedy = problem.remedy or "Run the undo again when the transaction that uses the table has ended."
            raise FixFailed(f"The index could not be dropped: {problem.reason}", remedy=remedy) from problem

    def patch(self, preview: FixPreview) -> str:
        """Return a migration (SQL) that makes the same index, with its way back."""
        if not preview.statements:
            return ""
        up, down = (";\n".join(s) + ";" for s in (preview.statements, preview.undo_statements))
        return (
            f"-- Index {self.table}({', '.join(self.columns)})\n"
            "-- CONCURRENTLY cannot run inside a transaction block: run this file outside one\n"
            "-- (Alembic: with op.get_context().autocommit_block(); Django: atomic = False; Prisma: a migration of its own).\n\n"
            f"SET lock_timeout = '{self.lock_timeout_s:g}s';\n{up}\n\n-- Way back:\n-- " + down.replace("\n", "\n-- ") + "\n"
        )


_NAMED = "select 1 as there from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2"
_OURS = (
    "select 1 as there from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace "
    "join pg_class t on t.oid = i.indrelid where n.nspname = $1 and c.relname = $2 and t.relname = $3"
)
