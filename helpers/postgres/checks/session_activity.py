"""What the sessions do at this moment, and what they wait for.

One look, like `top`: many active sessions on the same wait event have the same reason to be slow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import ask, judged, unknown
from helpers.results import CheckResult

__all__ = ["SessionsAt", "judge", "session_activity"]

MIN_SESSIONS = 5  # fewer may be on one event by chance
MAX_SHARE_PCT = 50.0  # pg_activity shows the list; half of the active sessions on one event is where it stops being chance


@dataclass(frozen=True, slots=True)
class SessionsAt:
    """Client sessions in one state at one wait event; `wait_event` is empty for sessions on the CPU."""

    application_name: str
    state: str
    wait_event_type: str
    wait_event: str
    sessions: int
    longest_s: float | None


async def session_activity(
    pg: Postgres, *, min_sessions: int = MIN_SESSIONS, max_share_pct: float = MAX_SHARE_PCT
) -> CheckResult[SessionsAt]:
    """Client sessions by application, state and wait event, active ones first.

    Args:
        pg: Read-only session; this program's own sessions are left out.
        min_sessions: Fewest sessions at one wait event that are a problem.
        max_share_pct: Share of the active sessions at one wait event that is a problem, in per cent.

    Returns:
        PROBLEM when that many active sessions wait at one event of the server (the client is not one); OK otherwise; UNKNOWN when
        the role cannot see other roles' sessions.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, pg_stat_activity, wait events; thresholds: this project's own.

    """
    rows = await ask(pg, __file__, SessionsAt, "runbook")
    return judge(rows, sees_everyone=pg.sees_everyone, min_sessions=min_sessions, max_share_pct=max_share_pct)


def judge(rows: Sequence[SessionsAt], *, sees_everyone: bool, min_sessions: int, max_share_pct: float) -> CheckResult[SessionsAt]:
    """Return the status of what sessions do; pure."""
    active = sum(row.sessions for row in rows if row.state == "active")
    waits: dict[tuple[str, str], int] = {}
    for row in rows:
        if row.state == "active" and row.wait_event_type not in ("", "Client", "Timeout"):
            key = (row.wait_event_type, row.wait_event)
            waits[key] = waits.get(key, 0) + row.sessions
    facts = {"active": active, "sessions": sum(row.sessions for row in rows), "min_sessions": min_sessions}
    if not sees_everyone:
        return unknown("This role cannot see what other roles' sessions do.", rows=rows, facts=facts)
    bad = {key for key, n in waits.items() if n >= min_sessions and 100.0 * n >= max_share_pct * active}
    return judged(
        rows,
        lambda row: row.state == "active" and (row.wait_event_type, row.wait_event) in bad,
        problem=lambda over: (
            f"{sum(r.sessions for r in over)} of {active} active sessions wait at "
            f"{' and '.join(sorted(f'{kind}:{event}' for kind, event in bad))}."
        ),
        fine=f"{active} of {facts['sessions']} client sessions are active, no half of them at one wait event.",
        facts=facts,
    )
