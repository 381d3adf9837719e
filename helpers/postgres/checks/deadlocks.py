"""Which statements deadlock, and over which tables.

The server ends one session of a cycle after deadlock_timeout, a second by default: until then the cycle stands, and can be seen.
Told apart: a queue behind one session, which no time-out ends (lock_contention, ddl_lock_queue), and waits that end by themselves.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from helpers.errors import Refused
from helpers.postgres.checks.deadlock_rate import MAX_PER_DAY
from helpers.postgres.checks.lock_tree import MIN_WAIT_S, LockRow, read_lock_rows
from helpers.postgres.connect import Postgres
from helpers.postgres.deadlock_counter import DeadlockCounter, read_deadlocks
from helpers.postgres.judging import GRANT, age
from helpers.postgres.lock_cycles import LockCycle, most_seen, standing
from helpers.postgres.lock_queues import name_queue
from helpers.results import Diagnosis, Status

__all__ = ["DeadlockWatch", "deadlocks", "judge"]

EVERY_S = 0.2  # a cycle stands for deadlock_timeout, so it is seen in about five looks
LAST_LOOKS = 4
LOG = "The server's log has both statements of each one, as DETAIL of `deadlock detected`"


@dataclass(frozen=True, slots=True)
class DeadlockWatch:
    """What was seen in `seconds`: cycles that stood in two looks or more, the last looks themselves, and the server's count before and after."""

    seconds: float
    before: DeadlockCounter
    counted: int
    seen: Sequence[LockCycle]
    last: Sequence[Sequence[LockRow]]
    log: str = ""


async def deadlocks(pg: Postgres, *, window_s: float = 10.0, every_s: float = EVERY_S) -> Diagnosis:
    """The statements that wait for each other, and the tables they wait over.

    Args:
        pg: Read-only session.
        window_s: Longest time to watch, in seconds; it ends as soon as a cycle was seen and the server counted a deadlock, and early
            where the server has never counted one.
        every_s: Seconds between two looks.

    Returns:
        PROBLEM with code deadlocks, the tables as subject (`rel_a, rel_b`, sorted) and the statements in `because`; PROBLEM with another
        code when sessions wait in a queue instead; OK when there are none; UNKNOWN when they are too rare, too short or hidden.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, "Deadlocks", deadlock_timeout and pg_stat_database.
    """
    return judge(await _watched(pg, window_s, every_s), sees_everyone=pg.sees_everyone)


async def _watched(pg: Postgres, window_s: float, every_s: float) -> DeadlockWatch:
    before, started = await read_deadlocks(pg), time.monotonic()
    looks: list[list[LockRow]] = []
    seen: list[LockCycle] = []
    counted, elapsed = 0, 0.0
    while True:
        looks = [*looks[1 - LAST_LOOKS :], await read_lock_rows(pg)]
        seen += standing(looks)
        counted, elapsed = max((await read_deadlocks(pg)).deadlocks - before.deadlocks, 0), time.monotonic() - started
        # Where none was ever counted and none stands, there is nothing to wait for but one that has just begun.
        enough = window_s if before.deadlocks or counted or seen else min(window_s, 2 * before.timeout_s + 1.0)
        if (counted and seen) or elapsed >= enough:
            return DeadlockWatch(elapsed, before, counted, seen, looks, await _log(pg))
        await asyncio.sleep(every_s)


async def _log(pg: Postgres) -> str:
    try:
        return str(await pg.value("select pg_current_logfile()") or "")
    except Refused:
        return ""


def judge(watch: DeadlockWatch, *, sees_everyone: bool) -> Diagnosis:
    """Return what was seen and counted adds up to; pure."""
    where = f"{LOG}{f' ({watch.log})' if watch.log else ''}; a role without pg_read_server_files cannot read it from here."
    if watch.counted and not sees_everyone:
        text = f"{watch.counted} deadlocks were counted in {watch.seconds:.0f} s; the statements are hidden from this role: {GRANT}"
        return Diagnosis(Status.UNKNOWN, summary=text, against=[where])
    if watch.seen:
        return _named(watch)
    if watch.counted:
        text = (
            f"{watch.counted} deadlocks were counted in {watch.seconds:.0f} s, but none was seen standing: deadlock_timeout is "
            f"{watch.before.timeout_s:g} s. Watch for longer with a larger window_s."
        )
        return Diagnosis(Status.UNKNOWN, summary=text, against=[where], facts=_facts(watch))
    queue = name_queue(watch.last, min_wait_s=MIN_WAIT_S) if sees_everyone and watch.last else None
    return queue if queue is not None and queue.status is Status.PROBLEM else _none(watch, where)


def _none(watch: DeadlockWatch, where: str) -> Diagnosis:
    text = f"No deadlock was counted in {watch.seconds:.0f} s, and no sessions wait for each other."
    if watch.before.per_day <= MAX_PER_DAY:
        return Diagnosis(Status.OK, summary=text, facts=_facts(watch))
    # Poisson: three times the mean distance has one in it with 95 % certainty
    long_enough = 3 * 86400.0 / watch.before.per_day
    before = f" Before that {watch.before.deadlocks} were, in {age(watch.before.counted_s)}: to see one, watch for about {age(long_enough)} (window_s)."
    return Diagnosis(Status.UNKNOWN, summary=text + before, against=[where], facts=_facts(watch))


def _facts(watch: DeadlockWatch) -> dict[str, object]:
    return {"counted": watch.counted, "seconds": round(watch.seconds, 1), "since_reset": watch.before.deadlocks, "log": watch.log}


def _named(watch: DeadlockWatch) -> Diagnosis:
    cycle, looks = most_seen(watch.seen)
    others = {c.subject: c.statements for c in watch.seen if (c.subject, c.statements) != (cycle.subject, cycle.statements)}
    return Diagnosis(
        Status.PROBLEM, "deadlocks", cycle.subject,
        f"{len(cycle.pids)} sessions of {' and '.join(cycle.applications)} lock {cycle.subject} in opposite order and wait for each other.",
        {"relations": list(cycle.relations), "statements": list(cycle.statements)},
        because=[
            *(f"One waits for the other with: {statement}" for statement in cycle.statements),
            f"They were seen waiting for each other in {looks} looks, and neither could go on.",
            f"{watch.counted} deadlocks were counted in {watch.seconds:.0f} s, {watch.before.deadlocks} before that.",
        ],
        against=[f"Others deadlock, too, over {subject}: {' / '.join(statements)}" for subject, statements in others.items()],
        facts=_facts(watch),
    )  # fmt: skip
