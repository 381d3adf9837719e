"""Index builds that run now, and whether they get on.

CREATE INDEX CONCURRENTLY waits for every transaction that is older than itself: one forgotten session stalls it for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import age, ask, judged, many, named, unknown
from helpers.results import CheckResult

__all__ = ["IndexBuild", "index_builds", "judge"]

MAX_WAIT_S = 60.0  # as for the transactions it waits for: sessions_idle_in_transaction


@dataclass(frozen=True, slots=True)
class IndexBuild:
    """One build of this database; `done_pct` of the present phase, `waits_for_pid` who it waits for, `waiting_s` for how long."""

    pid: int
    table: str | None
    index: str | None
    command: str | None
    phase: str | None
    done_pct: float | None
    waits_for_pid: int | None
    waiting_s: float | None
    running_s: float | None


async def index_builds(pg: Postgres, *, max_wait_s: float = MAX_WAIT_S) -> CheckResult[IndexBuild]:
    """CREATE INDEX and REINDEX that run in this database, the longest waiting first.

    Args:
        pg: Read-only session.
        max_wait_s: Seconds one may wait for another session.

    Returns:
        PROBLEM when one has waited longer; OK otherwise; UNKNOWN when another role's build is hidden.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, pg_stat_progress_create_index, pg_locks.waitstart.

    """
    return judge(await ask(pg, __file__, IndexBuild), max_wait_s=max_wait_s)


def judge(rows: Sequence[IndexBuild], *, max_wait_s: float) -> CheckResult[IndexBuild]:
    """Return the status of the builds; pure."""
    facts = {"max_wait_s": max_wait_s}
    if any(row.phase is None for row in rows):
        return unknown("Another role builds an index that this role may not see.", rows=rows, facts=facts)
    return judged(
        rows,
        lambda row: (row.waiting_s or 0.0) >= max_wait_s,
        problem=lambda bad: (
            "An index build waits: "
            f"{named([f'{r.index or r.table} for pid {r.waits_for_pid}, {age(r.waiting_s or 0)}, {r.phase}' for r in bad])}."
        ),
        fine=f"{many(len(rows), 'index is', 'indexes are')} being built." if rows else "No index is being built.",
        facts=facts,
    )
