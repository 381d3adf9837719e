"""How far transaction ids are from running out.

At two thousand million transactions without a freeze PostgreSQL stops accepting writes. Autovacuum freezes long before; a database far
past the age at which it starts is one where it does not get through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import ask, judged, named
from helpers.results import CheckResult

__all__ = ["FrozenAge", "judge", "wraparound"]

MAX_FACTOR = 2.0  # at once autovacuum starts to freeze; at twice it has not got through


@dataclass(frozen=True, slots=True)
class FrozenAge:
    """A database, or one of the oldest tables of this one: ages in transactions and multixacts, and where forced freezing starts."""

    kind: str
    name: str
    xid_age: int
    xid_limit: int
    mxid_age: int
    mxid_limit: int
    xids_left: int


async def wraparound(pg: Postgres, *, max_factor: float = MAX_FACTOR) -> CheckResult[FrozenAge]:
    """Every database and the oldest tables of this one, the oldest first.

    Args:
        pg: Read-only session.
        max_factor: How many times autovacuum_freeze_max_age one may be old; vacuum_failsafe_age is the limit where that is less.

    Returns:
        PROBLEM when one is older; OK otherwise.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, "Preventing Transaction ID Wraparound Failures"; pghero warns at 10 million left,
    check_postgres `txn_wraparound` at an age of 1,300 million.

    """
    return judge(await ask(pg, __file__, FrozenAge), max_factor=max_factor)


def judge(rows: Sequence[FrozenAge], *, max_factor: float) -> CheckResult[FrozenAge]:
    """Return the status of the ages; pure."""
    failsafe = 1_600_000_000  # vacuum_failsafe_age's default

    def old(row: FrozenAge) -> bool:
        return row.xid_age > min(max_factor * row.xid_limit, failsafe) or row.mxid_age > min(max_factor * row.mxid_limit, failsafe)

    return judged(
        rows,
        old,
        problem=lambda bad: (
            f"Freezing does not get through: {named([f'{r.kind} {r.name} ({r.xid_age:,} transactions old, freezing starts at {r.xid_limit:,}, {r.xids_left:,} left)' for r in bad])}."
        ),
        fine=f"No database is older than {max_factor:g} times the age at which autovacuum freezes it.",
        facts={"max_factor": max_factor},
    )
