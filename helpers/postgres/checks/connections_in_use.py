"""How many of the usable connections are taken, and by whom.

When the last one is gone the application cannot connect at all, while sessions that exist go on as if nothing had happened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import ask
from helpers.postgres.slots import usable_connections
from helpers.results import CheckResult, Status

__all__ = ["SessionGroup", "connections_in_use", "judge"]

MAX_USED_PCT = 90.0  # check_postgres `backends`: warning at 90 % of max_connections; here of what ordinary roles may use


@dataclass(frozen=True, slots=True)
class SessionGroup:
    """Client sessions of one role, application and state; `role_limit` is -1 where the role has none, `state` empty where hidden."""

    usename: str
    application_name: str
    state: str
    sessions: int
    oldest_in_state_s: float | None
    role_limit: int


async def connections_in_use(pg: Postgres, *, max_used_pct: float = MAX_USED_PCT) -> CheckResult[SessionGroup]:
    """Client sessions by role, application and state, the largest group first.

    Args:
        pg: Read-only session; its own connection is counted.
        max_used_pct: Share of the usable connections, or of a role's own limit, that is a problem, in per cent.

    Returns:
        PROBLEM when that share is taken, else OK. Numbers are whole without pg_monitor; then `state` is empty.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: check_postgres `backends`; PostgreSQL manual, max_connections, reserved_connections (16+), CREATE ROLE … CONNECTION LIMIT.

    """
    usable = await usable_connections(pg)
    return judge(await ask(pg, __file__, SessionGroup), usable=usable, max_used_pct=max_used_pct)


def judge(rows: Sequence[SessionGroup], *, usable: int, max_used_pct: float) -> CheckResult[SessionGroup]:
    """Return the status of the groups of sessions; pure."""
    used = sum(row.sessions for row in rows)
    share = 100.0 * used / max(usable, 1)
    facts = {"usable": usable, "used": used, "used_pct": round(share, 1), "max_used_pct": max_used_pct}
    of_role: Counter[str] = Counter()
    for row in rows:
        of_role[row.usename] += row.sessions
    limits = {row.usename: row.role_limit for row in rows if row.role_limit > 0}
    full = [f"{name} has {of_role[name]} of its limit of {n}" for name, n in limits.items() if 100.0 * of_role[name] >= max_used_pct * n]
    text = f"{used} of {usable} usable connections are taken ({share:.0f} %)."
    if share >= max_used_pct and rows:
        most = rows[0]
        text += (
            f" Most by {most.application_name or 'no application_name'} ({most.usename}, {most.state or 'state hidden'}): {most.sessions}."
        )
    if full:
        text += f" The role {'; '.join(full)}."
    return CheckResult(Status.PROBLEM if share >= max_used_pct or full else Status.OK, rows, text, facts=facts)
