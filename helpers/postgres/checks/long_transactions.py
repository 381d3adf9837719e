"""Transactions that have been open for long.

An old transaction holds its locks, and its snapshot keeps dead rows everywhere in the database from being removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import age, ask, judged, many, named, unknown
from helpers.results import CheckResult

__all__ = ["OpenTransaction", "judge", "long_transactions"]

MAX_OPEN_S = 300.0  # python-pg-extras `long_running_queries`: 5 minutes


@dataclass(frozen=True, slots=True)
class OpenTransaction:
    """One open transaction; `wrote` says that it has a transaction id, `xmin_age` how many transactions its snapshot is old."""

    pid: int
    usename: str | None
    application_name: str
    datname: str | None
    backend_type: str
    state: str | None
    open_s: float
    wrote: bool
    xmin_age: int | None


async def long_transactions(pg: Postgres, *, max_open_s: float = MAX_OPEN_S) -> CheckResult[OpenTransaction]:
    """Open transactions, the oldest first; autovacuum's and those of replication are shown, not judged.

    Args:
        pg: Read-only session; this program's own sessions are left out.
        max_open_s: Seconds a client's transaction may be open.

    Returns:
        PROBLEM when one has been open longer; OK otherwise; UNKNOWN when the role cannot see other roles' sessions.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: check_postgres `txn_time`; python-pg-extras.

    """
    return judge(await ask(pg, __file__, OpenTransaction, "runbook"), sees_everyone=pg.sees_everyone, max_open_s=max_open_s)


def judge(rows: Sequence[OpenTransaction], *, sees_everyone: bool, max_open_s: float) -> CheckResult[OpenTransaction]:
    """Return the status of open transactions; pure."""
    facts = {"max_open_s": max_open_s}
    if not sees_everyone:
        return unknown("This role cannot see what other roles' sessions do.", rows=rows, facts=facts)
    return judged(
        rows,
        lambda row: row.backend_type == "client backend" and row.open_s >= max_open_s,
        problem=lambda bad: (
            f"{many(len(bad), 'transaction has', 'transactions have')} been open for {age(max_open_s)} or more, {age(bad[0].open_s)} the longest: "
            f"{named([f'pid {r.pid} ({r.application_name or r.usename}, {r.state})' for r in bad])}."
        ),
        fine=f"No client's transaction has been open for {age(max_open_s)}.",
        facts=facts,
    )
