"""Apply the migrations that are not applied, with the tool that wrote them: its own command, for a person or a pipeline to run.

Never run by a runbook: migrations belong to a deployment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from helpers.contracts import FixPreview, Proposal
from helpers.errors import ParameterError
from helpers.postgres.migrations.migration import COMMANDS

__all__ = ["ApplyMigrations"]


@dataclass(frozen=True)
class ApplyMigrations(Proposal):
    """`tool` that wrote them; `pending` and `failed` migrations by name, in order."""

    tool: str
    pending: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    needs: ClassVar[str] = "postgres"

    async def preview(self, session: Any) -> FixPreview:
        """Return the tool's commands: first what shows the change, then what makes it. Raises ParameterError for an unknown tool."""
        if self.tool not in COMMANDS:
            raise ParameterError(f"The migration tool {self.tool} is not known.", remedy=f"Known: {', '.join(COMMANDS)}.")
        run, show = COMMANDS[self.tool]
        effects = [f"It applies {name}." for name in self.pending[:10]]
        if self.failed:
            effects.insert(0, f"{', '.join(self.failed)} began and did not end: find what of it is there, before anything else runs.")
        effects.append(
            "Let the session that migrates SET lock_timeout = '2s', and run it again when it times out: it must not queue behind a long one."
        )
        advice = ["Apply migrations before the code that needs them is deployed, in the same pipeline."]
        return FixPreview([show, run], effects=effects, advice=advice)

    def patch(self, preview: FixPreview) -> str:
        """Return the commands, with what they apply."""
        return "\n".join([*(f"# {text}" for text in preview.effects), *preview.statements]) + "\n"
