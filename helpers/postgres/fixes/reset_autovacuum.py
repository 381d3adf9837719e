"""Give a table back to autovacuum: reset the storage parameters that keep it away, then VACUUM.

The inverse sets the parameters again as they were, in their order; what the VACUUM removed nobody could read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from helpers.contracts import Fix, FixPreview
from helpers.errors import FixFailed, ParameterError, SystemProblem
from helpers.postgres.connect import Postgres
from helpers.postgres.vacuuming import effects_of, left_over, run_vacuum, vacuum_statements
from helpers.postgres.write import PostgresWriter

__all__ = ["ResetAutovacuum"]

_OPTIONS = (
    "select o.option_name as name, o.option_value as value, c.oid::bigint as oid from pg_class c, pg_options_to_table(c.reloptions) "
    "with ordinality as o (option_name, option_value, n) where c.oid = to_regclass($1) order by o.n"
)
_RESET = (
    "select format('ALTER TABLE %I.%I RESET (%s)', n.nspname, c.relname, (select string_agg(quote_ident(x), ', ') from unnest($2::text[]) as x)) as sql "
    "from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = $1::bigint::oid"
)
# All of them anew, so that they stand in their old order: a dump of the schema is what it was.
_SET = (
    "select format('ALTER TABLE %I.%I RESET (%s), SET (%s)', n.nspname, c.relname, "
    "(select string_agg(quote_ident(x), ', ') from unnest($2::text[]) as x), "
    "(select string_agg(format('%I = %L', name, value), ', ' order by at) from unnest($2::text[], $3::text[]) with ordinality as o (name, value, at))) as sql "
    "from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = $1::bigint::oid"
)
LOCK_S = 5.0


@dataclass(frozen=True)
class ResetAutovacuum(Fix):
    """Reset the storage parameters `options` of `table` (SQL name), then VACUUM it."""

    table: str
    options: list[str]

    needs: ClassVar[str] = "postgres"

    async def preview(self, session: Postgres) -> FixPreview:
        """Return the exact statements and the inverse; not needed when the table has none of the parameters."""
        if not self.options or any(not name.startswith("autovacuum_") for name in self.options):
            raise ParameterError(f"{', '.join(self.options) or 'Nothing'} is no autovacuum storage parameter.")
        vacuum = await vacuum_statements(session, [self.table])
        there = await session.fetch(_OPTIONS, self.table)
        found = [row["name"] for row in there if row["name"] in self.options]
        if not found:
            return FixPreview([], effects=[f"{self.table} has none of these parameters: nothing to do."], needed=False)
        inverse = {"oid": there[0]["oid"], "names": [r["name"] for r in there], "values": [r["value"] for r in there]}
        reset = await session.value(_RESET, inverse["oid"], found)
        old = ", ".join(f"{r['name']} = {r['value']}" for r in there if r["name"] in found)
        effects = [
            f"{self.table} had {old}; the server's settings hold from now on. ALTER TABLE takes SHARE UPDATE EXCLUSIVE for a moment, and waits "
            f"for it at most {LOCK_S:g} s.",
            *await effects_of(session, [self.table]),
        ]
        undo = await session.value(_SET, inverse["oid"], inverse["names"], inverse["values"])
        advice = [f"Find out who set {', '.join(found)} on {self.table}, and why: a migration may set it again."]
        return FixPreview([f"{reset};", *vacuum], [f"{undo};"], inverse, effects, advice)

    async def apply(self, writer: PostgresWriter, preview: FixPreview) -> None:
        """Reset, then VACUUM. Raises FixFailed; the parameters are then put back by the undo."""
        if not preview.needed:
            return
        try:
            await writer.execute(preview.statements[0].rstrip(";"), lock_timeout_s=LOCK_S)
        except SystemProblem as problem:
            raise FixFailed(f"The parameters of {self.table} were not reset: {problem.reason}", remedy=problem.remedy) from problem
        await run_vacuum(writer, preview.statements)

    async def read_back(self, session: Postgres) -> str:
        """Return that the parameters are gone, and the dead rows that are left; raise FixFailed if one is there."""
        there = [row["name"] for row in await session.fetch(_OPTIONS, self.table) if row["name"] in self.options]
        if there:
            raise FixFailed(f"{self.table} still has {', '.join(there)}.")
        return f"{self.table} has no {', '.join(self.options)} any more. {await left_over(session, [self.table])}"

    async def undo(self, writer: PostgresWriter, inverse: dict[str, Any]) -> None:
        """Set every storage parameter as it was; a table that is gone is fine too."""
        try:
            rows = await writer.execute(_SET, inverse["oid"], inverse["names"], inverse["values"])
            if rows:
                await writer.execute(rows[0]["sql"], lock_timeout_s=LOCK_S)
        except SystemProblem as problem:
            raise FixFailed(f"The parameters of {self.table} could not be set back: {problem.reason}", remedy=problem.remedy) from problem
