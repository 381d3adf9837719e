"""Statements that have been running for long.

Each keeps a connection, often locks, and a snapshot that cleanup must respect; the client has mostly gone long before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import age, ask, judged, many, named, unknown
from helpers.redaction import mask_literals
from helpers.results import CheckResult

__all__ = ["RunningStatement", "judge", "long_running_statements"]

MAX_RUN_S = 60.0  # pghero `long_running_queries`: 60 s


@dataclass(frozen=True, slots=True)
class RunningStatement:
    """One statement that runs now; literals in `query` are masked."""

    pid: int
    usename: str | None
    application_name: str
    datname: str | None
    running_s: float
    wait_event_type: str | None
    wait_event: str | None
    query: str


async def long_running_statements(pg: Postgres, *, max_run_s: float = MAX_RUN_S) -> CheckResult[RunningStatement]:
    """Statements of client sessions that run now, the longest first.

    Args:
        pg: Read-only session; this program's own sessions are left out.
        max_run_s: Seconds one may run.

    Returns:
        PROBLEM when one has run longer; OK otherwise; UNKNOWN when the role cannot see other roles' sessions.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: pghero `long_running_queries`, check_postgres `query_time`.

    """
    rows = await ask(pg, __file__, RunningStatement, "runbook")
    return judge([replace(row, query=mask_literals(row.query)) for row in rows], sees_everyone=pg.sees_everyone, max_run_s=max_run_s)


def judge(rows: Sequence[RunningStatement], *, sees_everyone: bool, max_run_s: float) -> CheckResult[RunningStatement]:
    """Return the status of running statements; pure."""
    if not sees_everyone:
        return unknown("This role cannot see what other roles' sessions do.", rows=rows, facts={"max_run_s": max_run_s})
    return judged(
        rows,
        lambda row: row.running_s >= max_run_s,
        problem=lambda bad: (
            f"{many(len(bad), 'statement has', 'statements have')} run for {max_run_s:g} s or more, {age(bad[0].running_s)} the longest: "
            f"{named([f'pid {r.pid} ({r.application_name or r.usename})' for r in bad])}."
        ),
        fine=f"No statement has run for {max_run_s:g} s.",
        facts={"max_run_s": max_run_s},
    )
