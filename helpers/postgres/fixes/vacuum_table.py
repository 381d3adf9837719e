"""VACUUM tables that autovacuum does not reach.

It removes what no transaction can see any more. There is nothing to undo: no row anybody could read is changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from helpers.contracts import Fix, FixPreview
from helpers.errors import FixFailed
from helpers.postgres.connect import Postgres
from helpers.postgres.vacuuming import effects_of, left_over, run_vacuum, vacuum_statements
from helpers.postgres.write import PostgresWriter

__all__ = ["VacuumTable"]


@dataclass(frozen=True)
class VacuumTable(Fix):
    """VACUUM `tables` (SQL names); `advice` is what lets autovacuum do it from now on."""

    tables: list[str]
    advice: str = ""

    needs: ClassVar[str] = "postgres"
    reversible: ClassVar[bool] = False

    async def preview(self, session: Postgres) -> FixPreview:
        """Return the statements and what they cost; raise FixFailed where this role may not."""
        statements = await vacuum_statements(session, self.tables)
        return FixPreview(statements, effects=await effects_of(session, self.tables), advice=[self.advice] if self.advice else [])

    async def apply(self, writer: PostgresWriter, preview: FixPreview) -> None:
        """Run them, one after the other. Raises FixFailed when one does not end."""
        await run_vacuum(writer, preview.statements)

    async def read_back(self, session: Postgres) -> str:
        """Return the dead rows that are left."""
        return await left_over(session, self.tables)

    async def undo(self, writer: PostgresWriter, inverse: dict[str, Any]) -> None:
        """There is none; raises FixFailed."""
        raise FixFailed("A VACUUM has no inverse, and needs none: no row that anybody could read was changed.")
