"""Sessions that did not end by their own will.

Clients that vanished, fatal errors (an idle time-out, a failed authentication after connecting), and sessions that somebody ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.database_counters import Counted, counted, since
from helpers.postgres.judging import judged, named
from helpers.results import CheckResult

__all__ = ["LostSessions", "judge", "lost_sessions"]

MAX_LOST_PCT = 5.0  # this project's own: a deployment that kills its clients stays below
MIN_SESSIONS = 20


@dataclass(frozen=True, slots=True)
class LostSessions:
    """How one database's sessions ended over `seconds`; `lost_pct` is of all that were begun."""

    database: str
    sessions: int
    abandoned: int
    fatal: int
    killed: int
    lost_pct: float
    seconds: float
    how: str


async def lost_sessions(
    pg: Postgres, *, window_s: float = 0.0, max_lost_pct: float = MAX_LOST_PCT, min_sessions: int = MIN_SESSIONS
) -> CheckResult[LostSessions]:
    """Sessions by database and how they ended, the largest share of lost ones first.

    Args:
        pg: Read-only session.
        window_s: Seconds to watch; 0 takes everything since the counters began.
        max_lost_pct: Share of lost sessions, in per cent, that is a problem.
        min_sessions: Fewest sessions to judge by.

    Returns:
        PROBLEM when a database loses more; OK otherwise.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, pg_stat_database.sessions_abandoned, sessions_fatal, sessions_killed.

    """
    return judge(await counted(pg, window_s=window_s), max_lost_pct=max_lost_pct, min_sessions=min_sessions)


def judge(databases: Sequence[Counted], *, max_lost_pct: float, min_sessions: int) -> CheckResult[LostSessions]:
    """Return the status of the counters; pure."""
    rows = [_row(one) for one in databases if one.values["sessions"]]
    return judged(
        sorted(rows, key=lambda row: -row.lost_pct),
        lambda row: row.lost_pct > max_lost_pct and row.sessions >= min_sessions,
        problem=lambda bad: (
            "Sessions do not end by themselves: "
            f"{named([f'{r.database} ({r.abandoned} abandoned, {r.fatal} fatal, {r.killed} killed of {r.sessions:,} {r.how})' for r in bad])}."
        ),
        fine="Sessions end by themselves.",
        facts={"max_lost_pct": max_lost_pct, "min_sessions": min_sessions},
    )


def _row(one: Counted) -> LostSessions:
    begun, abandoned, fatal, killed = (
        int(one.values[name]) for name in ("sessions", "sessions_abandoned", "sessions_fatal", "sessions_killed")
    )
    share = round(100.0 * (abandoned + fatal + killed) / begun, 1)
    return LostSessions(one.database, begun, abandoned, fatal, killed, share, round(one.seconds, 1), since(one))
