"""Roll back a prepared transaction that nobody finished, then VACUUM the tables.

A prepared transaction survives its session and a restart, and holds its locks and its snapshot until somebody ends it. There is no
inverse: its work is lost. If its transaction manager decided to commit, commit it instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from helpers.contracts import Fix, FixPreview
from helpers.errors import FixFailed, ParameterError, SystemProblem
from helpers.postgres.connect import Postgres, Record
from helpers.postgres.vacuuming import effects_of, left_over, run_vacuum, vacuum_statements
from helpers.postgres.write import PostgresWriter

__all__ = ["RollbackPrepared"]

# A gid may be used again once its transaction ended: the moment it was prepared tells them apart.
_THERE = (
    "select format('ROLLBACK PREPARED %L', p.gid) as sql, format('COMMIT PREPARED %L', p.gid) as commit, p.owner::text as owner, "
    "extract(epoch from clock_timestamp() - p.prepared)::float8 as age_s, "
    "p.owner = current_user or (select rolsuper from pg_roles where rolname = current_user) as may, "
    "(select string_agg(distinct l.relation::regclass::text, ', ') from pg_locks l where l.virtualtransaction = '-1/' || p.transaction::text "
    "and l.locktype = 'relation' and l.mode <> 'AccessShareLock') as relations "
    "from pg_prepared_xacts p where p.gid = $1 and p.prepared = $2 and p.database = current_database()"
)


@dataclass(frozen=True)
class RollbackPrepared(Fix):
    """Roll back the prepared transaction `gid`, prepared at `prepared` (as pg_prepared_xacts shows both), then VACUUM `tables`."""

    gid: str
    prepared: str
    tables: list[str]

    needs: ClassVar[str] = "postgres"
    reversible: ClassVar[bool] = False

    def _key(self) -> tuple[str, datetime]:
        try:
            return self.gid, datetime.fromisoformat(self.prepared)
        except ValueError:
            raise ParameterError(f"prepared {self.prepared!r} is not a time.", remedy="Give it as pg_prepared_xacts shows it.") from None

    async def preview(self, session: Postgres) -> FixPreview:
        """Return the rollback and the VACUUMs, and what is lost; those alone when it was ended meanwhile."""
        rows = await session.fetch(_THERE, *self._key())
        statements = await vacuum_statements(session, self.tables)
        effects = await effects_of(session, self.tables)
        if not rows:
            return FixPreview(statements, effects=["The prepared transaction was ended meanwhile.", *effects])
        row = rows[0]
        if not row["may"]:
            raise FixFailed(f"Only {row['owner']} or a superuser may end '{self.gid}'.", remedy=f"As one of them: {row['sql']};")
        advice = [
            "Find out which transaction manager left it, and let it recover. Where nothing uses two-phase commit: max_prepared_transactions = 0."
        ]
        return FixPreview([f"{row['sql']};", *statements], effects=[*_lost(self.gid, row), *effects], advice=advice)

    async def apply(self, writer: PostgresWriter, preview: FixPreview) -> None:
        """Roll it back if it is still the same, then VACUUM. Raises FixFailed when the server refuses."""
        try:
            rows = await writer.execute(_THERE, *self._key())
            if rows:
                await writer.execute(rows[0]["sql"])
        except SystemProblem as problem:
            raise FixFailed(f"'{self.gid}' was not rolled back: {problem.reason}", remedy=problem.remedy) from problem
        await run_vacuum(writer, preview.statements)

    async def read_back(self, session: Postgres) -> str:
        """Return that it is gone, and the dead rows that are left; raise FixFailed while it is there."""
        if await session.fetch(_THERE, *self._key()):
            raise FixFailed(f"The prepared transaction '{self.gid}' is still there.")
        return f"The prepared transaction '{self.gid}' is gone. {await left_over(session, self.tables)}"

    async def undo(self, writer: PostgresWriter, inverse: dict[str, Any]) -> None:
        """There is none; raises FixFailed."""
        raise FixFailed("A prepared transaction that was rolled back cannot be brought back.")


def _lost(gid: str, row: Record) -> list[str]:
    return [
        f"The work of '{gid}' (role {row['owner']}, prepared {row['age_s']:,.0f} s ago) is lost"
        + (f"; its locks on {row['relations']} are released." if row["relations"] else "."),
        f"If its transaction manager decided to commit, this tears the whole apart: then run {row['commit']}; instead.",
        "There is no inverse.",
    ]
