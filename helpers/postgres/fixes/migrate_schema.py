"""The migration that brings the live schema to the wanted one: additive statements as text, with their way back.

Never applied by a runbook: a schema belongs to the code base and its migrations. What may lose values, or hold up others, is left to a
person and says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from helpers.contracts import FixPreview, Proposal
from helpers.postgres.connect import Postgres
from helpers.postgres.fixes.widen_column import WidenColumn
from helpers.postgres.schema.changing import changes_for, widens_integer
from helpers.postgres.schema.compare import Difference
from helpers.postgres.schema.drift import DriftReader
from helpers.postgres.schema.making import Change

__all__ = ["MigrateSchema"]

ADVICE = (
    "Let the deployment wait for its migration, and compare the schemas in its pipeline: this runbook's exit code says whether they agree."
)


@dataclass(frozen=True)
class MigrateSchema(Proposal):
    """The arguments say where the wanted schema is, as for the check; the differences are read again."""

    compare_with: str = ""
    compare_database: str = ""
    ignore: list[str] = field(default_factory=list)

    needs: ClassVar[str] = "postgres"

    async def preview(self, session: Postgres) -> FixPreview:
        """Return the statements with their way back. Raises Refused when the wanted schema cannot be read."""
        reader = await DriftReader.opened(session, self.compare_with, self.compare_database, "", self.ignore)
        _, drift = await reader.read(session)
        if drift.comparison is None or drift.live is None or drift.wanted is None or not drift.comparison.differences:
            return FixPreview([], effects=["Nothing is missing any more."], needed=False)
        wider = [d for d in drift.comparison.differences if widens_integer(d)]
        changes = changes_for([d for d in drift.comparison.differences if d not in wider], drift.live, drift.wanted)
        changes += [await _widened(session, d) for d in wider]
        up = [statement for change in changes for statement in change.up]
        later = [_commented(change.later, "when that is done:") for change in changes if change.later]
        down = [statement for change in reversed(changes) for statement in change.down]
        careful = [change.careful for change in changes if change.careful]
        return FixPreview([*up, *later], down, effects=careful, advice=[ADVICE])

    def patch(self, preview: FixPreview) -> str:
        """Return the migration as text: up, down, and what to know before it runs."""
        careful = [f"-- careful: {text}" for text in preview.effects]
        head = [
            "-- Each statement by itself, outside a transaction block: so that none holds another's lock, and CONCURRENTLY is allowed",
            "-- (Alembic: autocommit_block(); Django: atomic = False; Rails: disable_ddl_transaction!; dbmate: transaction:false).",
        ]
        down = [f"-- {line}" for statement in preview.undo_statements for line in statement.splitlines()]
        quick = "SET lock_timeout = '2s';  -- run again when a statement times out: it must not queue behind a long one"
        return "\n".join([*careful, *head, "-- migrate:up", quick, *preview.statements, "-- migrate:down", *down]) + "\n"


async def _widened(session: Postgres, difference: Difference) -> Change:
    """Return the steps that widen an integer column while the application works."""
    column = await session.value("select (parse_ident($1))[1]", difference.thing.name)
    steps = await WidenColumn(difference.thing.relation, column).preview(session)
    return Change(
        steps.statements, steps.undo_statements, careful=f"{difference.subject} is widened in steps; the way back is that before the swap."
    )


def _commented(statements: Any, head: str) -> str:
    return "\n".join([f"-- {head}", *(f"--   {statement}" for statement in statements)])
