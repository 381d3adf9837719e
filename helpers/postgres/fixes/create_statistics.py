"""Tell the planner that columns depend on each other.

By default it takes conditions on two columns for independent and multiplies their shares. Extended statistics let ANALYZE count the
combinations; they cost writes nothing, and planning next to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from helpers.contracts import Fix, FixPreview
from helpers.errors import FixFailed, ParameterError
from helpers.postgres.connect import Postgres
from helpers.postgres.index_target import Part, Target, free_name, resolve, usable_keys
from helpers.postgres.planner_statistics import analyze_effects, freshness, must_be_fresh, together
from helpers.postgres.write import PostgresWriter

__all__ = ["CreateStatistics"]

_CREATE = (
    "select format('CREATE STATISTICS %I.%I (%s) ON %s FROM %I.%I', $1::text, $2::text, $5::text, $3::text, $1::text, $4::text) as sql"
)
_DROP = "select format('DROP STATISTICS IF EXISTS %I.%I', $1::text, $2::text) as sql"
_TAKEN = "select 1 from pg_statistic_ext x join pg_namespace n on n.oid = x.stxnamespace where n.nspname = $1 and x.stxname = $2"
# one that counts dependencies or common values of exactly these columns, whatever its name
_THERE = (
    "select x.stxname::text as name from pg_statistic_ext x where x.stxrelid = $1::bigint::oid and x.stxkind && '{f,m}'::\"char\"[] and "
    "(select array_agg(quote_ident(a.attname) order by quote_ident(a.attname)) from pg_attribute a where a.attrelid = x.stxrelid and a.attnum = any (x.stxkeys)) "
    "@> (select array_agg(c order by c) from unnest($2::text[]) as c)"
)


@dataclass(frozen=True)
class CreateStatistics(Fix):
    """Extended statistics of `kind` on `columns` of `table`, all as SQL; then ANALYZE.

    `kind` is `dependencies`, where a value of one column says that of another, or `mcv`, where some combinations hardly occur. Not both:
    the planner then asks the common combinations first, and a combination that is none of them for no dependency.
    On a partitioned table each partition gets its own. `lock_timeout_s` bounds each wait for a lock, `timeout_s` each statement.
    """

    table: str
    columns: list[str]
    kind: str = "dependencies"
    lock_timeout_s: float = 5.0
    timeout_s: float = 600.0

    needs: ClassVar[str] = "postgres"

    def __post_init__(self) -> None:
        if self.kind not in ("dependencies", "mcv"):
            raise ParameterError(f"{self.kind!r} is no kind of statistics this fix makes.", remedy="Give dependencies or mcv.")

    async def preview(self, session: Postgres) -> FixPreview:
        """Return the statements with their inverse, and what ANALYZE costs; raise ParameterError when they are not columns of the table."""
        target = await resolve(session, self.table)
        columns = await usable_keys(session, target, self.columns)
        if len(columns) < 2 or columns != self.columns:
            raise ParameterError("Extended statistics need two columns or more, each quoted as the server does.")
        there = await session.fetch(_THERE, target.oid, columns)
        if there:
            return FixPreview([], effects=[f"The statistics {there[0]['name']} cover them already: nothing to do."], needed=False)
        made = [await self._named(session, part) for part in _parts(target)]
        create = [await _text(session, _CREATE, m["schema"], m["name"], ", ".join(columns), m["table"], self.kind) for m in made]
        drop = [await _text(session, _DROP, m["schema"], m["name"]) for m in made]
        effects = [
            f"ANALYZE counts from now on how {', '.join(columns)} go together; writes pay nothing for it. All of it in one transaction.",
            *analyze_effects(target, await freshness(session, target)),
        ]
        return FixPreview([*create, f"ANALYZE {target.quoted}"], drop, {"statistics": made}, effects)

    async def _named(self, session: Postgres, part: Part) -> dict[str, str]:
        for number in range(1, 100):
            words = [part.table, *self.columns, *([str(number)] if number > 1 else []), "stat"]
            name = await free_name(session, part.schema, words)
            if not await session.fetch(_TAKEN, part.schema, name):
                return {"schema": part.schema, "name": name, "table": part.table}
        raise ParameterError(f"A hundred statistics objects of {part.table} have such names.")

    async def apply(self, writer: PostgresWriter, preview: FixPreview) -> None:
        """Create them and analyse, in one transaction. Raises FixFailed, nothing changed."""
        if preview.needed:
            await together(writer, preview.statements, timeout_s=self.timeout_s, lock_timeout_s=self.lock_timeout_s)

    async def read_back(self, session: Postgres) -> str:
        """Return the name of the statistics that cover the columns now; raise FixFailed if there are none or they are not fresh."""
        target = await resolve(session, self.table)
        there = await session.fetch(_THERE, target.oid, self.columns)
        if not there:
            raise FixFailed(f"No extended statistics cover {', '.join(self.columns)}.")
        await must_be_fresh(session, target)
        return f"{there[0]['name']} covers {', '.join(self.columns)} of {target.quoted}, and its statistics are fresh."

    async def undo(self, writer: PostgresWriter, inverse: dict[str, Any]) -> None:
        """Drop exactly the statistics `inverse` names; none there is fine too."""
        drop = [await _text(writer, _DROP, m["schema"], m["name"]) for m in inverse["statistics"]]
        await together(writer, drop, timeout_s=self.timeout_s, lock_timeout_s=self.lock_timeout_s)

    def patch(self, preview: FixPreview) -> str:
        """Return a migration (SQL) that makes the same statistics, with its way back."""
        if not preview.statements:
            return ""
        up, down = (";\n".join(s) + ";" for s in (preview.statements, preview.undo_statements))
        return f"-- Statistics of {self.table}({', '.join(self.columns)})\n{up}\n\n-- Way back:\n-- " + down.replace("\n", "\n-- ") + "\n"


def _parts(target: Target) -> tuple[Part, ...]:
    whole = Part(target.oid, None, True, target.schema, target.table, target.rows, target.size_bytes)
    return target.parts or (whole,)


async def _text(ask: Postgres | PostgresWriter, sql: str, *args: str) -> str:
    rows = await (ask.fetch(sql, *args) if isinstance(ask, Postgres) else ask.execute(sql, *args))
    return str(rows[0]["sql"])
