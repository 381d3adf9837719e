"""Transactions that were prepared and never finished.

A prepared transaction (two-phase commit) survives sessions and restarts: it keeps its locks and holds back cleanup until somebody
commits it or rolls it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import age, ask, judged, many, named, skipped
from helpers.results import CheckResult

__all__ = ["PreparedTransaction", "judge", "prepared_transactions"]

MAX_AGE_S = 300.0  # check_postgres `prepared_txns` warns from 1 s; a transaction manager that is alive finishes within minutes


@dataclass(frozen=True, slots=True)
class PreparedTransaction:
    """One prepared transaction."""

    gid: str
    owner: str
    database: str
    age_s: float
    xid_age: int


async def prepared_transactions(pg: Postgres, *, max_age_s: float = MAX_AGE_S) -> CheckResult[PreparedTransaction]:
    """Prepared transactions of every database, the oldest first.

    Args:
        pg: Read-only session.
        max_age_s: Seconds one may wait for its end.

    Returns:
        PROBLEM when one is older; OK otherwise; SKIPPED when the server allows none.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: check_postgres `prepared_txns`; PostgreSQL manual, pg_prepared_xacts, PREPARE TRANSACTION.

    """
    allowed = int(await pg.value("select current_setting('max_prepared_transactions')"))
    return judge(await ask(pg, __file__, PreparedTransaction), allowed=allowed, max_age_s=max_age_s)


def judge(rows: Sequence[PreparedTransaction], *, allowed: int, max_age_s: float) -> CheckResult[PreparedTransaction]:
    """Return the status of the transactions; pure."""
    if not allowed:
        return skipped("max_prepared_transactions is 0: there can be none.")
    return judged(
        rows,
        lambda row: row.age_s >= max_age_s,
        problem=lambda bad: (
            f"{many(len(bad), 'prepared transaction waits', 'prepared transactions wait')} for an end: {named([f'{r.gid} ({age(r.age_s)}, in {r.database})' for r in bad])}."
        ),
        fine=f"No prepared transaction is older than {age(max_age_s)}.",
        facts={"max_prepared_transactions": allowed, "max_age_s": max_age_s},
    )
