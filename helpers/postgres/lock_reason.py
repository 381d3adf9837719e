"""Why a statement that was found waiting for a lock waits: the lock tree's own name for it."""

from __future__ import annotations

from dataclasses import replace

from helpers.postgres.checks.lock_tree import MIN_WAIT_S
from helpers.postgres.connect import Postgres
from helpers.postgres.lock_queues import name_queue
from helpers.postgres.lock_watch import LOOKS, PAUSE_S, watch_locks
from helpers.results import Diagnosis, Status

__all__ = ["why_it_waits"]


async def why_it_waits(pg: Postgres, found: Diagnosis) -> Diagnosis:
    """Return lock_contention, ddl_lock_queue or deadlocks, whichever the lock tree shows, resting on what `found` rests on, too.

    UNKNOWN when the wait has ended meanwhile, or when its head must not be ended: then no name is better than a wrong one.

    Raises:
        SystemProblem: the server cannot be asked.

    """
    queue = await watch_locks(pg, name_queue, min_wait_s=MIN_WAIT_S, looks=LOOKS, pause_s=PAUSE_S)
    if queue.status is Status.PROBLEM:
        return replace(queue, because=[*found.because, *queue.because], facts={**queue.facts, **found.facts})
    ended = "That wait has ended. " if queue.status is Status.OK else ""
    return Diagnosis(Status.UNKNOWN, summary=f"{found.summary} {ended}{queue.summary}", against=found.because, facts=found.facts)
