"""Who waits for a lock, and who is at the head of the queue.

A queue of waiting sessions has one session at its head that waits for nobody: ending a victim frees nothing. The tree is read
with pg_blocking_pids, called for waiting sessions only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from helpers.postgres.connect import Postgres
from helpers.postgres.sql import load_sql
from helpers.redaction import mask_literals
from helpers.results import CheckResult, Status

__all__ = ["LockRow", "lock_tree", "read_lock_rows"]

MIN_WAIT_S = 1.0  # PostgreSQL's own deadlock_timeout, after which log_lock_waits reports a wait


@dataclass(frozen=True, slots=True)
class LockRow:
    """One session of a lock queue; `blocked_by` is empty at its head. `query` is the last statement, its literals masked."""

    pid: int
    blocked_by: list[int]
    application_name: str
    state: str | None
    waiting_s: float
    in_transaction_s: float | None
    in_state_s: float | None
    wait_event_type: str | None
    wait_event: str | None
    locktype: str | None
    mode: str | None
    relation: str | None
    usename: str | None
    datname: str | None
    client_addr: str | None
    backend_type: str | None
    backend_start: datetime | None
    query: str


async def read_lock_rows(pg: Postgres) -> list[LockRow]:
    """Return every session that waits for a lock or blocks one that does, heads first, then longest wait first."""
    rows = await pg.fetch(load_sql(__file__, pg.version_num), "runbook")
    return [LockRow(**{**row, "blocked_by": sorted(set(row["blocked_by"])), "query": mask_literals(row["query"] or "")}) for row in rows]


async def lock_tree(pg: Postgres, *, min_wait_s: float = MIN_WAIT_S) -> CheckResult[LockRow]:
    """Sessions in a lock queue, its head first; a PROBLEM when one has waited at least `min_wait_s`.

    Args:
        pg: Read-only session.
        min_wait_s: Shortest wait, in seconds, that is a problem; default: PostgreSQL's deadlock_timeout.

    Returns:
        One row per session that waits or blocks; OK and empty when nothing waits; UNKNOWN when the role cannot see
        other roles' sessions.

    Source: PostgreSQL manual, pg_blocking_pids(); pg_locks.waitstart (14+).
    """
    rows = await read_lock_rows(pg)
    return judge(rows, sees_everyone=pg.sees_everyone, min_wait_s=min_wait_s)


def judge(rows: Sequence[LockRow], *, sees_everyone: bool, min_wait_s: float) -> CheckResult[LockRow]:
    """Return the status of a lock queue's rows; pure."""
    facts = {"min_wait_s": min_wait_s}
    if not sees_everyone:
        return CheckResult(
            Status.UNKNOWN, rows, reason="This role cannot see what other roles' sessions do.",
            remedy="GRANT pg_monitor TO the diagnostic role.", facts=facts,
        )  # fmt: skip
    waiting = [row for row in rows if row.blocked_by]
    longest = max((row.waiting_s for row in waiting), default=0.0)
    if longest < min_wait_s:
        return CheckResult(Status.OK, rows, f"No session has waited {min_wait_s:g} s for a lock.", facts=facts)
    heads = [row for row in rows if not row.blocked_by]
    who = ", ".join(f"pid {row.pid} ({row.application_name or 'no application_name'}, {row.state or row.backend_type})" for row in heads)
    return CheckResult(
        Status.PROBLEM, rows, f"{len(waiting)} sessions wait for a lock, {longest:.1f} s the longest; at the head: {who}.", facts=facts
    )
