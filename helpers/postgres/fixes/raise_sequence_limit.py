"""Let a sequence go on to where its column ends: a higher MAXVALUE, as a statement for a person to run.

Never applied by a runbook: somebody may have set the limit on purpose (a number range that another system shares).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import FixPreview, Proposal
from helpers.errors import ParameterError
from helpers.postgres.connect import Postgres

__all__ = ["RaiseSequenceLimit"]

LIMITS = {"smallint": 32767, "integer": 2147483647, "bigint": 9223372036854775807}

FACTS = """
select format('%I.%I', n.nspname, c.relname) as sequence, format_type(s.seqtypid, null) as sequence_type, s.seqmax as limit,
    (select format_type(a.atttypid, null) from pg_attribute a where a.attrelid = to_regclass($2) and a.attname = $3 and not a.attisdropped) as type,
    format('%s.%s', $2::text, quote_ident($3)) as subject
from pg_sequence s
join pg_class c on c.oid = s.seqrelid
join pg_namespace n on n.oid = c.relnamespace
where s.seqrelid = to_regclass($1)
"""


@dataclass(frozen=True)
class RaiseSequenceLimit(Proposal):
    """`sequence` and `table` are SQL names, `column` the plain name of the column it numbers."""

    sequence: str
    table: str
    column: str

    needs: ClassVar[str] = "postgres"

    async def preview(self, session: Postgres) -> FixPreview:
        """Return the statement with its inverse. Raises ParameterError when the sequence or the column is not there."""
        rows = await session.fetch(FACTS, self.sequence, self.table, self.column)
        if not rows or rows[0]["type"] not in LIMITS:
            raise ParameterError(f"{self.sequence} is no sequence that numbers an integer column {self.column} of {self.table}.")
        facts = rows[0]
        name, limit = facts["sequence"], LIMITS[facts["type"]]
        return FixPreview(
            [f"ALTER SEQUENCE {name} AS {facts['type']} MAXVALUE {limit};"],
            [f"ALTER SEQUENCE {name} AS {facts['sequence_type']} MAXVALUE {facts['limit']};"],
            effects=[
                f"{facts['subject']} is {facts['type']}: its sequence may go on to {limit:,}, instead of {facts['limit']:,}.",
                "It holds up those who take a number for a moment. It is not undone once a higher number was given out.",
                "Ask first whether the limit was meant: a range of numbers may be shared with another system.",
            ],
            needed=facts["limit"] < limit,
        )

    def patch(self, preview: FixPreview) -> str:
        """Return the statement as a migration, with its way back."""
        careful = [f"-- careful: {text}" for text in preview.effects]
        return (
            "\n".join(
                [*careful, "SET lock_timeout = '2s';", *preview.statements, "-- Way back:", *(f"-- {s}" for s in preview.undo_statements)]
            )
            + "\n"
        )
