"""Whose turn it is: in the plan's order, and never more at once on a server than it bears.

A run that has to wait for a server is overtaken only by runs that do not need it: nobody waits for ever.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping

from helpers.runner.batches.schema import Job
from helpers.runner.batches.servers import Burden

__all__ = ["Turns"]


class Turns:
    """The runs that are still to be started. Every run taken is given back by `done` or `again`."""

    def __init__(self, jobs: Iterable[Job], burdens: Mapping[str, Burden], bears: Burden) -> None:
        self._waiting = list(jobs)
        self._burdens = burdens
        self._bears = bears
        self._used: Counter[str] = Counter()
        self._running: set[str] = set()
        self._not_before: dict[str, float] = {}
        self._changed = asyncio.Event()
        self._closed = False

    async def take(self) -> Job | None:
        """Return the next run that may start, as soon as there is one; None when none is left that could ever come."""
        while not self._closed and (self._waiting or self._running):
            job, wait_s = self._next()
            if job is not None:
                return job
            changed = self._changed
            try:
                await asyncio.wait_for(changed.wait(), wait_s)
            except TimeoutError:
                continue
        return None

    def done(self, job: Job) -> None:
        """Note that a run is over; its share of its servers is free."""
        self._used.subtract(self._burdens.get(job.name, {}))
        self._running.discard(job.name)
        self._wake()

    def again(self, job: Job, wait_s: float) -> None:
        """Note that a run is over, and that it is to be started once more, after `wait_s` at the earliest."""
        self._not_before[job.name] = asyncio.get_running_loop().time() + wait_s
        self._waiting.insert(0, job)
        self.done(job)

    def close(self) -> None:
        """Start nothing more."""
        self._closed = True
        self._wake()

    def waiting_for(self) -> list[str]:
        """Return the servers that runs wait for because others are there."""
        full = [s for job in self._waiting for s, n in self._burdens.get(job.name, {}).items() if self._used[s] + n > self._bears[s]]
        return list(dict.fromkeys(full))

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _next(self) -> tuple[Job | None, float | None]:
        """Return the run to start; or how long until one that waits for its time may."""
        now = asyncio.get_running_loop().time()
        claimed: set[str] = set()  # servers that a run earlier in the order waits for
        soonest: float | None = None
        for index, job in enumerate(self._waiting):
            left_s = self._not_before.get(job.name, 0.0) - now
            burden = self._burdens.get(job.name, {})
            if left_s > 0:
                soonest = min(left_s, soonest if soonest is not None else left_s)
            elif claimed.isdisjoint(burden) and all(self._used[s] + n <= self._bears[s] for s, n in burden.items()):
                del self._waiting[index]
                self._used.update(burden)
                self._running.add(job.name)
                return job, None
            else:
                claimed |= set(burden)
        return None, soonest
