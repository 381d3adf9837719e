"""The migration that brings the live schema to the wanted one: additive statements as text, with their way back.

Never applied by a runbook: a schema belongs to the code base and its migrations.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from helpers.contracts import FixPreview, Proposal

__all__ = ["MigrateSchema"]


@dataclass(frozen=True)
class MigrateSchema(Proposal):
    """`up` in one transaction, `alone` each outside of one, `down` the way back, `careful` what to know before."""

    up: list[str] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)
    down: list[str] = field(default_factory=list)
    careful: list[str] = field(default_factory=list)

    needs: ClassVar[str] = "postgres"

    async def preview(self, session: Any) -> FixPreview:
        """Return the statements with their way back."""
        return FixPreview(
            [*self.up, *self.alone], self.down, effects=self.careful,
            advice=["Let the deployment wait for its migration, and compare the schemas in its pipeline: this runbook's exit code says it."],
        )  # fmt: skip

    def patch(self, preview: FixPreview) -> str:
        """Return the migration as text: up, down, and what to know before it runs."""
        known = "".join(f"-- careful: {line}\n" for line in self.careful)
        up = "\n".join(["BEGIN;", "SET LOCAL lock_timeout = '2s';", *self.up, "COMMIT;"]) if self.up else ""
        alone = "-- outside of a transaction, one by one\n" + "\n".join(self.alone) if self.alone else ""
        down = "\n".join(f"-- {line}" for statement in self.down for line in statement.splitlines())
        parts = [known.rstrip("\n"), "-- migrate:up", up, alone, "-- migrate:down" + (f"\n{down}" if down else "")]
        return "\n".join(part for part in parts if part) + "\n"
