"""Sessions that hold a transaction open and do nothing.

They keep their locks and hold back cleanup; the application forgot to commit, or waits for something else inside the transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import age, ask, judged, many, named, unknown
from helpers.postgres.slots import usable_connections
from helpers.results import CheckResult

__all__ = ["IdleSession", "judge", "sessions_idle_in_transaction"]

MAX_IDLE_S = 60.0  # an API answers within its clients' time-out, commonly 30 s: a transaction idle for twice that serves no request
MAX_SHARE_PCT = 10.0  # pghero and postgres-mcp: 100 sessions, here as a share of the usable connections


@dataclass(frozen=True, slots=True)
class IdleSession:
    """One session that is idle in a transaction."""

    pid: int
    usename: str | None
    application_name: str
    datname: str | None
    client_addr: str | None
    state: str
    idle_s: float
    in_transaction_s: float
    xmin_age: int | None
    backend_start: datetime


async def sessions_idle_in_transaction(
    pg: Postgres, *, max_idle_s: float = MAX_IDLE_S, max_share_pct: float = MAX_SHARE_PCT
) -> CheckResult[IdleSession]:
    """Sessions idle in a transaction, the longest idle first.

    Args:
        pg: Read-only session.
        max_idle_s: Seconds one may be idle.
        max_share_pct: Share of the usable connections they may hold together, in per cent.

    Returns:
        PROBLEM when either is passed; OK otherwise; UNKNOWN when the role cannot see other roles' sessions.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: pghero, postgres-mcp, check_postgres `txn_idle`; PostgreSQL manual, idle_in_transaction_session_timeout.

    """
    usable = await usable_connections(pg)
    rows = await ask(pg, __file__, IdleSession)
    return judge(rows, sees_everyone=pg.sees_everyone, usable=usable, max_idle_s=max_idle_s, max_share_pct=max_share_pct)


def judge(
    rows: Sequence[IdleSession], *, sees_everyone: bool, usable: int, max_idle_s: float, max_share_pct: float
) -> CheckResult[IdleSession]:
    """Return the status of idle sessions; pure."""
    facts = {"usable": usable, "max_idle_s": max_idle_s, "max_share_pct": max_share_pct}
    if not sees_everyone:
        return unknown("This role cannot see what other roles' sessions do.", rows=rows, facts=facts)
    crowd = 100.0 * len(rows) >= max_share_pct * usable
    return judged(
        rows,
        lambda row: crowd or row.idle_s >= max_idle_s,
        problem=lambda bad: (
            f"{many(len(bad), 'session is', 'sessions are')} idle in a transaction, {age(bad[0].idle_s)} the longest: "
            f"{named([f'pid {r.pid} ({r.application_name or r.usename})' for r in bad])}."
        ),
        fine=f"No session has been idle in a transaction for {max_idle_s:g} s.",
        facts=facts,
    )
