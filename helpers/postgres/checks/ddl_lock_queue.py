"""Whether everyone queues behind a DDL statement that itself waits for its lock.

Told apart: a row lock held by an open transaction (lock_contention), DDL that has its lock and works (lock_contention, its head), an
application's LOCK TABLE, a cycle (deadlocks), and DDL that gives up by itself because it has a lock_timeout.
"""

from __future__ import annotations

from collections.abc import Sequence

from helpers.postgres.checks.lock_tree import MIN_WAIT_S, LockRow
from helpers.postgres.connect import Postgres
from helpers.postgres.lock_queues import name_queue
from helpers.postgres.lock_watch import LOOKS, PAUSE_S, watch_locks
from helpers.results import Diagnosis

__all__ = ["ddl_lock_queue", "judge"]


async def ddl_lock_queue(pg: Postgres, *, min_wait_s: float = MIN_WAIT_S, looks: int = LOOKS, pause_s: float = PAUSE_S) -> Diagnosis:
    """The waiting DDL statement that others queue behind, seen waiting in every look.

    Args:
        pg: Read-only session.
        min_wait_s: Shortest wait, in seconds, that counts; default: PostgreSQL's deadlock_timeout.
        looks: How often the lock tree is read.
        pause_s: Seconds between two looks.

    Returns:
        PROBLEM with code ddl_lock_queue and subject `pid N on relation`; PROBLEM with another code when the queue is of another kind;
        OK when nothing waits or the queue moves by itself; UNKNOWN when it cannot be seen, or its head must not be ended.

    Source: PostgreSQL manual, "Explicit Locking": a request waits behind every earlier request it conflicts with, granted or not.
    """
    return await watch_locks(pg, judge, min_wait_s=min_wait_s, looks=looks, pause_s=pause_s)


def judge(looks: Sequence[Sequence[LockRow]], *, min_wait_s: float, deadlocks: int = 0) -> Diagnosis:
    """Return what several looks at the lock tree add up to, `deadlocks` counted meanwhile; pure."""
    return name_queue(looks, min_wait_s=min_wait_s, deadlocks=deadlocks)
