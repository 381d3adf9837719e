"""A question to logs that can be ended: nobody waits for its answer any more, so it may not keep a processor busy either.

A thread cannot be ended from outside. While lines are counted it looks by itself, and DuckDB's queries are interrupted.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from helpers.logs.engine import Logs

__all__ = ["Stop", "stoppable"]

T = TypeVar("T")
AGAIN_S = 0.05  # one query may end, and the next begin, between two looks
GIVEN_UP_S = 5.0  # a disk that does not answer is not waited for


class _Stopped(Exception):
    """Nobody waits for the answer."""


class Stop:
    """What ends one question."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._logs: Logs | None = None

    def progress(self, _: int) -> None:
        """Take what was read as `Logs.open` tells it, and end the reading when it is to end."""
        if self._asked.is_set():
            raise _Stopped

    def holds(self, logs: Logs) -> Logs:
        """Return the logs, whose queries end from now on when the question is to end."""
        self._logs = logs
        self.progress(0)
        return logs

    def now(self) -> None:
        """End it."""
        self._asked.set()
        if self._logs is not None:
            self._logs.interrupt()


async def stoppable(question: Callable[[Stop], T]) -> T:
    """Return what `question` returns, asked in a thread of its own; when the waiting is cancelled, the question ends before this does.

    Args:
        question: Opens logs with the progress of the `Stop` it is given, and hands them to it.

    """
    stop = Stop()
    asked = asyncio.ensure_future(asyncio.to_thread(question, stop))
    try:
        return await asyncio.shield(asked)
    except asyncio.CancelledError:
        asked.add_done_callback(lambda done: done.cancelled() or done.exception())  # what it died of is known: nobody is to be told
        for _ in range(round(GIVEN_UP_S / AGAIN_S)):
            stop.now()
            if (await asyncio.wait([asked], timeout=AGAIN_S))[0]:
                break
        raise
