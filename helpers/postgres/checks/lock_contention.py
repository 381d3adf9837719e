"""Which session at the head of a lock queue holds everyone up, and whether it is a row lock at all.

Told apart: a queue behind a waiting DDL statement (ddl_lock_queue), a cycle (deadlocks, which the server ends by itself), a burst
that drains, and a head that must not be ended (autovacuum, replication, a prepared transaction).
"""

from __future__ import annotations

from collections.abc import Sequence

from helpers.postgres.blocking import victims
from helpers.postgres.checks.lock_tree import MIN_WAIT_S, LockRow
from helpers.postgres.connect import Postgres
from helpers.postgres.lock_queues import name_queue
from helpers.postgres.lock_watch import LOOKS, PAUSE_S, watch_locks
from helpers.results import Diagnosis

__all__ = ["judge", "lock_contention", "victims"]


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
    return await watch_locks(pg, judge, min_wait_s=min_wait_s, looks=looks, pause_s=pause_s)


def judge(looks: Sequence[Sequence[LockRow]], *, min_wait_s: float, deadlocks: int = 0) -> Diagnosis:
    """Return what several looks at the lock tree add up to, `deadlocks` counted meanwhile; pure."""
    return name_queue(looks, min_wait_s=min_wait_s, deadlocks=deadlocks)
