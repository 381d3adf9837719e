"""Drop a replication slot that nobody reads, after asking its owner.

A slot with an xmin holds back every dead row until its reader comes back. Dropping it cannot be undone: the reader then needs a new
copy of the data. So it is proposed, and a person decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import FixPreview, Proposal
from helpers.postgres.connect import Postgres
from helpers.postgres.vacuuming import vacuum_statements

__all__ = ["DropReplicationSlot"]

_SLOT = (
    "select format('SELECT pg_drop_replication_slot(%L)', slot_name) as sql, active, slot_type, "
    "coalesce(pg_size_pretty(pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, restart_lsn)), 'no') as kept "
    "from pg_replication_slots where slot_name = $1"
)


@dataclass(frozen=True)
class DropReplicationSlot(Proposal):
    """Drop the slot `slot`, then VACUUM `tables` (SQL names)."""

    slot: str
    tables: list[str]

    needs: ClassVar[str] = "postgres"

    async def preview(self, session: Postgres) -> FixPreview:
        """Return the statements a person would run, and what they cost; not needed when the slot is gone or read again."""
        rows = await session.fetch(_SLOT, self.slot)
        if not rows or rows[0]["active"]:
            return FixPreview([], needed=False, effects=["The slot is gone, or its reader is back."])
        statements = [f"{rows[0]['sql']};", *await vacuum_statements(session, self.tables)]
        effects = [
            f"The slot {self.slot} ({rows[0]['slot_type']}) is read by nobody, and keeps {rows[0]['kept']} of WAL.",
            "Whoever reads it cannot go on where it stopped: it needs a new copy of the data. There is no inverse.",
        ]
        advice = [f"Ask the owner of the slot {self.slot} whether its reader comes back; if so, start it instead."]
        return FixPreview(statements, effects=effects, advice=advice)

    def patch(self, preview: FixPreview) -> str:
        """Return the statements as a script, to be run once its owner agrees."""
        return (
            "\n".join(["-- Only when the slot's owner agrees: its reader cannot go on afterwards.", *preview.statements, ""])
            if preview.statements
            else ""
        )
