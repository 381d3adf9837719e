"""The limits of one run, and the one way to stop it from another thread."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass, field

__all__ = ["CELL_S", "RUN_S", "Leash"]

CELL_S, RUN_S = 600.0, 1800.0


@dataclass
class Leash:
    """How long a cell and the whole run may take, in seconds; `stop` ends it sooner, from any thread.

    `reason` is why it was stopped, empty while it was not; `interrupted` when a person or the system asked.
    """

    cell_timeout_s: float = CELL_S
    run_timeout_s: float = RUN_S
    reason: str = ""
    interrupted: bool = False
    _started: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _loop: asyncio.AbstractEventLoop | None = None
    _stopped: asyncio.Future[None] | None = None

    def stop(self, reason: str, *, interrupted: bool = True) -> None:
        """End the run as soon as possible; the first reason stays."""
        with self._lock:
            if self.reason:
                return
            self.reason, self.interrupted = reason, interrupted
            if self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        if self._stopped is not None and not self._stopped.done():
            self._stopped.set_result(None)

    def stopped(self) -> asyncio.Future[None]:
        """Return the future, of the running loop, that is done once the run is to stop."""
        with self._lock:
            self._loop = asyncio.get_running_loop()
            self._stopped = self._stopped or self._loop.create_future()
            if self.reason:
                self._tell()
            return self._stopped

    def run_left_s(self) -> float:
        """Return the seconds the whole run may still take."""
        return max(0.0, self._started + self.run_timeout_s - time.monotonic())

    def left_s(self) -> tuple[float, str]:
        """Return the seconds the next cell may take, and the sentence to say when they are over."""
        run = self.run_left_s()
        if run < self.cell_timeout_s:
            return run, f"The run did not end within its limit of {self.run_timeout_s:g} s"
        return self.cell_timeout_s, f"It did not end within its limit of {self.cell_timeout_s:g} s"
