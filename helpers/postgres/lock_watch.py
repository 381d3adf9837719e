"""Several looks at the lock tree, with the server's count of deadlocks before and after."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from helpers.postgres.blocking import cycles
from helpers.postgres.checks.lock_tree import LockRow, read_lock_rows
from helpers.postgres.connect import Postgres
from helpers.postgres.deadlock_counter import read_deadlocks
from helpers.postgres.judging import GRANT
from helpers.results import Diagnosis, Status

__all__ = ["LOOKS", "PAUSE_S", "watch_locks"]

LOOKS = 4
PAUSE_S = 0.5
_LONGEST_S = 10.0  # a deadlock_timeout above this is not waited for
_REPORTED_S = 1.0  # a session reports a deadlock at most this late when it goes on working


class Judge(Protocol):
    """What the looks add up to."""

    def __call__(self, looks: list[list[LockRow]], *, min_wait_s: float, deadlocks: int = 0) -> Diagnosis:
        """Return it; pure."""
        ...


async def watch_locks(pg: Postgres, judge: Judge, *, min_wait_s: float, looks: int, pause_s: float) -> Diagnosis:
    """Return what `judge` makes of `looks` looks; where deadlocks are known of, it looks on until one is counted or none can have been.

    Returns UNKNOWN when other roles' sessions are hidden. Raises SystemProblem when the server cannot be asked.
    """
    if not pg.sees_everyone:
        return Diagnosis(Status.UNKNOWN, summary=f"This role cannot see what other roles' sessions do: {GRANT}")
    counter = await read_deadlocks(pg)
    seen: list[list[LockRow]] = []
    for number in range(looks):
        if number:
            await asyncio.sleep(pause_s)
        seen.append(await read_lock_rows(pg))
    until = time.monotonic() + min(2 * counter.timeout_s, _LONGEST_S) + _REPORTED_S
    while True:
        counted = max((await read_deadlocks(pg)).deadlocks - counter.deadlocks, 0)
        found = judge(seen, min_wait_s=min_wait_s, deadlocks=counted)
        known_of = counter.deadlocks or any(cycles(look) for look in seen)
        if found.status is not Status.OK or not known_of or time.monotonic() > until:
            return found
        await asyncio.sleep(pause_s)
        seen.append(await read_lock_rows(pg))
