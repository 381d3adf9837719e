"""Show and repair rows that lack their partner: statements for a person, who knows what each row should have become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from helpers.contracts import FixPreview, Proposal
from helpers.postgres.orphan_repair import repair_statements

__all__ = ["RepairOrphans"]


@dataclass(frozen=True)
class RepairOrphans(Proposal):
    """Rows of `parent` that have none in `child`; names are SQL."""

    parent: str
    child: str
    column: str
    parent_column: str

    needs: ClassVar[str] = "postgres"

    async def preview(self, session: Any) -> FixPreview:
        """Return the statements."""
        effects = [
            "Write both in one transaction first, or new ones come while these are repaired.",
            "Whether an orphan is completed or deleted is decided row by row: somebody may have paid for it.",
        ]
        return FixPreview(repair_statements(self.parent, self.child, self.column, self.parent_column), effects=effects)

    def patch(self, preview: FixPreview) -> str:
        """Return the statements, with what to decide first."""
        return "\n".join([*(f"-- {text}" for text in preview.effects), *preview.statements]) + "\n"
