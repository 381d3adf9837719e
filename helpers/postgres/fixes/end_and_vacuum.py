"""End the session whose snapshot holds back dead rows, then VACUUM the tables.

Without the VACUUM the rows would go when autovacuum next comes by. There is no inverse: the session's open transaction is rolled back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from helpers.contracts import Fix, FixPreview
from helpers.errors import FixFailed
from helpers.postgres.connect import Postgres
from helpers.postgres.fixes.end_backend import EndBackend
from helpers.postgres.vacuuming import effects_of, left_over, run_vacuum, vacuum_statements
from helpers.postgres.write import PostgresWriter

__all__ = ["EndAndVacuum"]


@dataclass(frozen=True)
class EndAndVacuum(Fix):
    """End the session (`pid`, `backend_start`) as `end_backend` does, then VACUUM `tables` (SQL names)."""

    pid: int
    backend_start: str
    tables: list[str]
    application_name: str = ""

    needs: ClassVar[str] = "postgres"
    reversible: ClassVar[bool] = False

    def _end(self) -> EndBackend:
        return EndBackend(self.pid, self.backend_start, self.application_name)

    async def preview(self, session: Postgres) -> FixPreview:
        """Return both signals and the VACUUMs; those alone when the session is gone by itself."""
        statements = await vacuum_statements(session, self.tables)
        end = await self._end().preview(session)
        effects = [*end.effects, *await effects_of(session, self.tables)]
        return FixPreview([*end.statements, *statements], effects=effects, advice=end.advice)

    async def apply(self, writer: PostgresWriter, preview: FixPreview) -> None:
        """End it, then VACUUM. Raises FixFailed when the session stays or a VACUUM does not end."""
        await self._end().apply(writer, preview)
        await run_vacuum(writer, preview.statements)

    async def read_back(self, session: Postgres) -> str:
        """Return that its transaction is over, and the dead rows that are left."""
        return f"{await self._end().read_back(session)} {await left_over(session, self.tables)}"

    async def undo(self, writer: PostgresWriter, inverse: dict[str, Any]) -> None:
        """There is none; raises FixFailed."""
        raise FixFailed("An ended session cannot be brought back, nor a removed dead row.")
