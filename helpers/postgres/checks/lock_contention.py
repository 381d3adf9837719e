"""Which session at the head of a lock queue holds everyone up, and whether it is a row lock at all.

Told apart: a queue behind a waiting DDL statement (ddl_lock_queue), a cycle (deadlocks, which the server ends by itself), a burst
that drains, and a head that must not be ended (autovacuum, replication, a prepared transaction).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from helpers.postgres.checks.lock_tree import MIN_WAIT_S, LockRow, read_lock_rows
from helpers.postgres.connect import Postgres
from helpers.results import Diagnosis, Status

__all__ = ["judge", "lock_contention"]

LOOKS = 4
PAUSE_S = 0.5


async def lock_contention(pg: Postgres, *, min_wait_s: float = MIN_WAIT_S, looks: int = LOOKS, pause_s: float = PAUSE_S) -> Diagnosis:
    """The session at the head of the lock queue, seen at the head in every look.

    Args:
        pg: Read-only session.
        min_wait_s: Shortest wait, in seconds, that counts; default: PostgreSQL's deadlock_timeout.
        looks: How often the tree is read.
        pause_s: Seconds between two looks.

    Returns:
        PROBLEM with code lock_contention and subject `pid N (application_name)`; PROBLEM with another code when the queue is
        of another kind; OK when nothing waits or the queue drains; UNKNOWN when it cannot be seen or must not be ended.

    Source: PostgreSQL manual, pg_blocking_pids() and explicit locking.
    """
    if not pg.sees_everyone:
        return Diagnosis(
            Status.UNKNOWN,
            summary="This role cannot see what other roles' sessions do: GRANT pg_monitor TO it, then run again.",
        )
    seen = []
    for number in range(looks):
        if number:
            await asyncio.sleep(pause_s)
        seen.append(await read_lock_rows(pg))
    return judge(seen, min_wait_s=min_wait_s)


def judge(looks: Sequence[Sequence[LockRow]], *, min_wait_s: float) -> Diagnosis:
    """Return what several looks at the lock tree add up to; pure."""
    last = looks[-1]
    waiting = [row for row in last if row.blocked_by]
    longest = max((row.waiting_s for row in waiting), default=0.0)
    if longest < min_wait_s:
        return Diagnosis(Status.OK, summary=f"No session waits {min_wait_s:g} s for a lock; shorter waits end by themselves.")
    held_up = victims(last)
    if not held_up:
        return Diagnosis(
            Status.PROBLEM, "deadlocks", "a cycle of lock waits", "The waiting sessions wait for each other; the server ends one of them."
        )
    head = max(held_up, key=lambda pid: len(held_up[pid]))
    row = next((r for r in last if r.pid == head), None)
    ddl = _ddl_in_front(last, held_up[head])
    if ddl is not None:
        return _ddl_queue(ddl, held_up[head])
    if row is None or head == 0 or row.backend_type != "client backend":
        return _not_to_be_ended(head, row)
    if not all(any(_same(row, r) and not r.blocked_by for r in look) for look in looks):
        return Diagnosis(Status.OK, summary="The head of the queue changes from look to look: the queue moves by itself.")
    return _named(row, held_up, longest)


def victims(rows: Sequence[LockRow]) -> dict[int, set[int]]:
    """Return each head's pid → the pids it holds up, directly or through others; empty when all wait in a cycle."""
    by_pid = {row.pid: row for row in rows}
    heads: dict[int, set[int]] = {}
    for row in rows:
        todo, visited = list(row.blocked_by), {row.pid}
        while todo:
            pid = todo.pop()
            if pid in visited:
                continue
            visited.add(pid)
            blocker = by_pid.get(pid)
            if blocker is None or not blocker.blocked_by:
                heads.setdefault(pid, set()).add(row.pid)
            else:
                todo += blocker.blocked_by
    return heads


def _same(one: LockRow, other: LockRow) -> bool:
    return (one.pid, one.backend_start) == (other.pid, other.backend_start)


def _ddl_in_front(rows: Sequence[LockRow], held_up: set[int]) -> LockRow | None:
    """The waiting ACCESS EXCLUSIVE request that at least half of the other victims queue behind, if there is one."""
    for row in rows:
        if row.blocked_by and row.mode == "AccessExclusiveLock" and row.locktype == "relation":
            behind = [r for r in rows if row.pid in r.blocked_by]
            if behind and 2 * len(behind) >= len(held_up) - 1:
                return row
    return None


def _ddl_queue(ddl: LockRow, held_up: set[int]) -> Diagnosis:
    return Diagnosis(
        Status.PROBLEM, "ddl_lock_queue", f"pid {ddl.pid} on {ddl.relation}",
        f"pid {ddl.pid} waits for ACCESS EXCLUSIVE on {ddl.relation}, and {len(held_up) - 1} sessions queue behind that request.",
        {"pid": ddl.pid, "relation": ddl.relation},
    )  # fmt: skip


def _not_to_be_ended(pid: int, row: LockRow | None) -> Diagnosis:
    if pid == 0:
        return Diagnosis(
            Status.UNKNOWN, summary="A prepared transaction holds the lock (pg_prepared_xacts): its owner must commit it or roll it back."
        )
    what = row.backend_type if row else "a session that is gone"
    return Diagnosis(Status.UNKNOWN, summary=f"The head of the queue is pid {pid}, {what}: it is not ours to end.")


def _named(row: LockRow, held_up: dict[int, set[int]], longest: float) -> Diagnosis:
    idle = (row.state or "").startswith("idle in transaction")
    doing = (
        f"{row.state} for {row.in_state_s or 0:.0f} s" if idle else f"{row.state}, its statement running for {row.in_state_s or 0:.0f} s"
    )
    others = [pid for pid in held_up if pid != row.pid]
    count = len(held_up[row.pid])
    name = f"pid {row.pid} ({row.application_name or 'no application_name'})"
    start = row.backend_start.isoformat() if row.backend_start else ""
    target: dict[str, Any] = {"pid": row.pid, "backend_start": start, "application_name": row.application_name}
    return Diagnosis(
        Status.PROBLEM, "lock_contention", name,
        f"{name} is {doing}, in a transaction of {row.in_transaction_s or 0:.0f} s, and holds up {count} sessions.",
        target,
        because=[
            f"{name} blocks {count} sessions and waits for nobody itself, in every look.",
            f"The longest of them has waited {longest:.1f} s.",
            f"Its last statement, not necessarily the one that took the lock: {row.query}",
        ],
        against=[f"pid {pid} is at the head of another queue of {len(held_up[pid])}." for pid in others],
        facts={"held_up": sorted(held_up[row.pid]), "other_heads": others, "state": row.state, "usename": row.usename},
    )  # fmt: skip
