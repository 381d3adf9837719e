"""How late this process itself was: while it did other work an answer lay there unread, and that is not the other side's latency."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from types import TracebackType

__all__ = ["Lateness"]

TICK_S = 0.005
NOTICED_S = 0.005  # less is the timer's own unevenness


class Lateness:
    """Watches the running event loop while entered: `within` says how much of a time it stood still."""

    def __init__(self) -> None:
        self._stalls: list[tuple[float, float]] = []
        self._due = 0.0

    async def __aenter__(self) -> Lateness:
        self._due = time.perf_counter() + TICK_S
        self._watching = asyncio.ensure_future(self._watch())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._watching.cancel()
        with suppress(asyncio.CancelledError):
            await self._watching

    def within(self, began: float, ended: float) -> float:
        """Return for how many seconds between two moments (of `time.perf_counter`) this process was busy with something else."""
        now = time.perf_counter()
        stalls = [*self._stalls, (self._due, now)] if now - self._due > NOTICED_S else self._stalls  # it may not have had its turn yet
        return sum(max(min(ended, end) - max(began, start), 0.0) for start, end in stalls)

    async def _watch(self) -> None:
        while True:
            self._due = time.perf_counter() + TICK_S
            await asyncio.sleep(TICK_S)
            now = time.perf_counter()
            if now - self._due > NOTICED_S:
                self._stalls.append((self._due, now))
