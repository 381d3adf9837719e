"""Let ANALYZE look closer at one column.

A higher statistics target keeps more common values and a finer histogram; planning reads them, so it is raised for one column, not for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from helpers.contracts import Fix, FixPreview
from helpers.errors import FixFailed, ParameterError
from helpers.postgres.connect import Postgres
from helpers.postgres.index_target import resolve
from helpers.postgres.planner_statistics import analyze_effects, freshness, must_be_fresh, oids_of, together
from helpers.postgres.write import PostgresWriter

__all__ = ["SetStatisticsTarget"]

LARGEST = 10_000
# `old` is -1 for the default on every version: it is what SET STATISTICS takes to go back to it.
_NOW = (
    "select c.oid::bigint as oid, n.nspname::text as schema, c.relname::text as table, a.attname::text as column, "
    "coalesce(a.attstattarget, -1)::int as old from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace "
    "where c.oid = any (select unnest($1::bigint[])::oid) and quote_ident(a.attname) = $2 and a.attnum > 0 and not a.attisdropped order by c.oid <> $3::bigint::oid, c.relname"
)
_ALTER = "select format('ALTER TABLE ONLY %I.%I ALTER COLUMN %I SET STATISTICS %s', $1::text, $2::text, $3::text, $4::int) as sql"


@dataclass(frozen=True)
class SetStatisticsTarget(Fix):
    """Statistics target `target` (0 … 10,000) for `column` of `table`, both as SQL, partitions included; then ANALYZE.

    `lock_timeout_s` bounds each wait for a lock, `timeout_s` each statement.
    """

    table: str
    column: str
    target: int
    lock_timeout_s: float = 5.0
    timeout_s: float = 600.0

    needs: ClassVar[str] = "postgres"

    def __post_init__(self) -> None:
        if not 0 <= self.target <= LARGEST:
            raise ParameterError(f"A statistics target is 0 … {LARGEST:,}, not {self.target}.")

    async def preview(self, session: Postgres) -> FixPreview:
        """Return the statements, the old target as inverse, and what ANALYZE costs; raise ParameterError when there is no such column."""
        table = await resolve(session, self.table)
        there = await session.fetch(_NOW, oids_of(table), self.column, table.oid)
        if not there:
            raise ParameterError(
                f"There is no column {self.column} in {table.quoted}.", remedy='Quote it as the server does: "customerId".'
            )
        if all(r["old"] == self.target for r in there):
            return FixPreview([], effects=[f"The target of {self.column} is {self.target} already: nothing to do."], needed=False)
        analyze = f"ANALYZE {table.quoted}"
        columns = [{k: r[k] for k in ("schema", "table", "column", "old")} for r in there]
        statements = [await _alter(session, c, self.target) for c in columns]
        back = [await _alter(session, c, c["old"]) for c in columns]
        effects = [
            f"{self.column} gets a statistics target of {self.target} instead of {_said(there[0]['old'])}; all of it in one transaction.",
            *analyze_effects(table, await freshness(session, table)),
        ]
        inverse = {"columns": columns, "analyze": analyze}
        return FixPreview([*statements, analyze], [*back, analyze], inverse, effects)

    async def apply(self, writer: PostgresWriter, preview: FixPreview) -> None:
        """Set it and analyse, in one transaction. Raises FixFailed, nothing changed."""
        if preview.needed:
            await together(writer, preview.statements, timeout_s=self.timeout_s, lock_timeout_s=self.lock_timeout_s)

    async def read_back(self, session: Postgres) -> str:
        """Return the target as the catalog has it, and that the statistics are fresh; raise FixFailed if either is not so."""
        table = await resolve(session, self.table)
        targets = {r["old"] for r in await session.fetch(_NOW, oids_of(table), self.column, table.oid)}
        if targets != {self.target}:
            raise FixFailed(f"The statistics target of {self.column} is {', '.join(_said(t) for t in sorted(targets)) or 'unknown'}.")
        await must_be_fresh(session, table)
        return f"{table.quoted}({self.column}) has a statistics target of {self.target}, and fresh statistics."

    async def undo(self, writer: PostgresWriter, inverse: dict[str, Any]) -> None:
        """Set the old target again and analyse by it."""
        back = [await _alter(writer, c, c["old"]) for c in inverse["columns"]]
        await together(writer, [*back, inverse["analyze"]], timeout_s=self.timeout_s, lock_timeout_s=self.lock_timeout_s)

    def patch(self, preview: FixPreview) -> str:
        """Return a migration (SQL) that sets the same target, with its way back."""
        if not preview.statements:
            return ""
        up, down = (";\n".join(s) + ";" for s in (preview.statements, preview.undo_statements))
        return f"-- Statistics target of {self.table}({self.column})\n{up}\n\n-- Way back:\n-- " + down.replace("\n", "\n-- ") + "\n"


async def _alter(ask: Postgres | PostgresWriter, column: dict[str, Any], target: int) -> str:
    args = (column["schema"], column["table"], column["column"], target)
    rows = await (ask.fetch(_ALTER, *args) if isinstance(ask, Postgres) else ask.execute(_ALTER, *args))
    return str(rows[0]["sql"])


def _said(target: int) -> str:
    return "the default" if target < 0 else str(target)
