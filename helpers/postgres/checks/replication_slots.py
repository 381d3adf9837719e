"""Replication slots that keep WAL nobody fetches.

A slot keeps every byte its consumer has not confirmed. One whose consumer is gone fills the disk until the server stops.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import ask, judged, many, named, size
from helpers.results import CheckResult

__all__ = ["Slot", "judge", "replication_slots"]

MAX_RETAINED_FACTOR = 1.0  # of max_wal_size, which is as much as the server means to keep


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot; `retained_bytes` is the WAL it keeps, `bounded` whether max_slot_wal_keep_size limits that."""

    slot: str
    slot_type: str
    database: str | None
    active: bool
    wal_status: str | None
    retained_bytes: int | None
    bounded: bool
    max_wal_bytes: int


async def replication_slots(pg: Postgres, *, max_retained_factor: float = MAX_RETAINED_FACTOR) -> CheckResult[Slot]:
    """Replication slots, the one that keeps the most WAL first.

    Args:
        pg: Read-only session.
        max_retained_factor: How many times max_wal_size a slot may keep.

    Returns:
        PROBLEM when a slot keeps more, or its WAL is about to be or was removed; OK otherwise.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, pg_replication_slots.wal_status, max_slot_wal_keep_size; check_postgres `replication_slots`.

    """
    return judge(await ask(pg, __file__, Slot), max_retained_factor=max_retained_factor)


def judge(rows: Sequence[Slot], *, max_retained_factor: float) -> CheckResult[Slot]:
    """Return the status of the slots; pure."""
    return judged(
        rows,
        lambda row: row.wal_status in ("unreserved", "lost") or (row.retained_bytes or 0) > max_retained_factor * row.max_wal_bytes,
        problem=lambda bad: (
            "Slots keep WAL that is not fetched: "
            f"{named([f'{r.slot} ({size(r.retained_bytes or 0)}, ' + ('active' if r.active else 'inactive') + f', {r.wal_status})' for r in bad])}."
        ),
        fine=f"{many(len(rows), 'replication slot', 'replication slots')}, none keeps more WAL than it should."
        if rows
        else "There is no replication slot.",
        facts={"max_retained_factor": max_retained_factor},
    )
