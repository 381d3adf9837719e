"""Remove the rows that keep a unique index from being rebuilt, then rebuild it.

Which of two equal rows is the right one only its owner knows: this is text for a person, and never applied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import FixPreview, Proposal
from helpers.errors import FixFailed
from helpers.postgres.checks.invalid_index import broken_indexes
from helpers.postgres.connect import Postgres

__all__ = ["RemoveDuplicates"]


@dataclass(frozen=True)
class RemoveDuplicates(Proposal):
    """The statements that show the duplicates under the unique `index` (as SQL), and rebuild it once they are gone."""

    index: str

    needs: ClassVar[str] = "postgres"

    async def preview(self, session: Postgres) -> FixPreview:
        """Return the query that lists the duplicates, and the rebuild; raise FixFailed when the index is no such index any more."""
        found = next((b for b in await broken_indexes(session, self.index) if b.unique), None)
        if found is None:
            raise FixFailed(f"{self.index} is no invalid unique index any more.", remedy="Run the diagnosis again.")
        keys, where = ", ".join(found.keys), f" WHERE {found.predicate}" if found.predicate else ""
        grouped = f"FROM {found.table}{where} GROUP BY {keys} HAVING count(*) > 1"  # every text comes quoted from the server
        listing = f"SELECT {keys}, count(*), array_agg(ctid) {grouped} ORDER BY count(*) DESC"
        effects = [
            f"{found.index} refuses new duplicates even now, so it stays until the old ones are gone; dropping it would let more in.",
            "Which row of each group is the right one is a question to the owner of the data: merge or delete the others in small transactions.",
        ]
        return FixPreview([listing, f"REINDEX INDEX CONCURRENTLY {found.index}"], effects=effects)

    def patch(self, preview: FixPreview) -> str:
        """Return the steps as an SQL text."""
        if not preview.statements:
            return ""
        listing, rebuild = preview.statements
        return (
            f"-- 1. The duplicates:\n{listing};\n\n-- 2. Decide for each group which row stays; merge or delete the others in small transactions.\n\n"
            f"-- 3. Outside of a transaction block:\n{rebuild};\n"
        )
