"""Sessions of an application that do nothing for long, and how to end them until the application is mended.

A stop-gap: a pool connects again when it has lost a connection, so that ending what is idle loses nothing; what keeps connections keeps the next ones, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import unknown
from helpers.postgres.sessions import IDLE, ClientSession, read_sessions
from helpers.results import CheckResult, Status

__all__ = ["StaleSession", "judge", "stale_sessions"]

IDLE_S = 60.0  # an API answers within its clients' time-out, commonly 30 s: who was idle for twice that serves no request


@dataclass(frozen=True, slots=True)
class StaleSession:
    """One session that does nothing; `stop_gap` ends it, empty where this role may not."""

    application_name: str
    usename: str
    state: str
    idle_s: float
    last_statement: str
    stop_gap: str


async def stale_sessions(pg: Postgres, *, application_name: str = "", idle_s: float = IDLE_S) -> CheckResult[StaleSession]:
    """Idle sessions, those in a transaction first, then the longest idle.

    Args:
        pg: Read-only session.
        application_name: Of whom, with or without what is behind it; empty: of every application that has a name.
        idle_s: Seconds a session must have done nothing.

    Returns:
        PROBLEM when some are in a transaction, OK otherwise, with the rows: an idle session outside of one may be a pool's reserve; UNKNOWN
        when the role cannot see other roles' sessions.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, pg_stat_activity, pg_terminate_backend.
    """
    return judge(await read_sessions(pg), application_name, idle_s, sees_everyone=pg.sees_everyone)


def judge(sessions: Sequence[ClientSession], application_name: str, idle_s: float, *, sees_everyone: bool) -> CheckResult[StaleSession]:
    """Return the stale ones; pure."""
    found = [s for s in sessions if s.state in IDLE and s.in_state_s >= idle_s and s.application_name.startswith(application_name)]
    found = [s for s in found if s.application_name or not application_name]
    rows = [_row(s) for s in sorted(found, key=lambda s: (s.state == "idle", -s.in_state_s))]
    facts = {"sessions": len(sessions), "idle_s": idle_s}
    if not sees_everyone:
        return unknown("This role cannot see what other roles' sessions do.", rows=rows, facts=facts)
    in_transaction = sum(row.state != "idle" for row in rows)
    said = f"{len(rows)} of {len(sessions)} sessions did nothing for {idle_s:g} s or more, {in_transaction} of them in a transaction."
    return CheckResult(Status.PROBLEM if in_transaction else Status.OK, rows, said, facts=facts)


def _row(session: ClientSession) -> StaleSession:
    stop_gap = f"SELECT pg_terminate_backend({session.pid});" if session.may_end else ""
    return StaleSession(session.application_name, session.usename, session.state, round(session.in_state_s, 1), session.query, stop_gap)
