"""A thread beside the event loop that sees whether it comes round, and writes what it sees to the log.

The loop ticks every TICK_S; a tick that does not come is a stall, whose stack is looked at until it comes. A line `runtime {…}` is written
every interval, also while the loop stands still; `stall {…}` when one has ended, and for one that goes on with each interval; `waits {…}` while requests take long.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
import time
from pathlib import Path
from typing import Any

from helpers.asgi.frames import own_code
from helpers.asgi.looks import Looks, Pools
from helpers.asgi.requests import UnderWay
from helpers.asgi.stalls import Stall
from helpers.asgi.threads import thread_limiter, threads_told
from helpers.asgi.waits import waiting

__all__ = ["Pools", "Watch"]

TICK_S = 0.05
LOOK_S = 0.02
BEFORE_S = 0.1  # the loop is asked where its requests wait that long before a line is written
MOST_STALLS = 20  # lines in one interval: a log is not to be flooded
log = logging.getLogger("runbook.runtime")


class Watch:
    """Watches the loop it is made on until it is closed; one for each process."""

    def __init__(self, under_way: UnderWay, pools: Pools, *, interval_s: float, stall_s: float, slow_s: float, root: Path) -> None:
        self.pid = os.getpid()
        self._loop, self._thread_id = asyncio.get_running_loop(), threading.get_ident()
        self._under_way = under_way
        self._interval_s, self._stall_s, self._slow_s = interval_s, stall_s, slow_s
        self._path_of = own_code(root)
        self._limiter = thread_limiter()
        self._looks = Looks(self._limiter, pools, under_way)
        self._ticked = time.perf_counter()
        self._lags: list[float] = []
        self._waiting: list[dict[str, Any]] = []
        self._in_threads: list[dict[str, Any]] = []
        self._asked = False
        self._stall: Stall | None = None
        self._stalls, self._stalled_s, self._number = 0, 0.0, 0
        self._closed = threading.Event()
        self._handle = self._loop.call_later(TICK_S, self._tick)
        self._thread = threading.Thread(target=self._run, name="runbook-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop; a last line says how things were."""
        self._handle.cancel()
        self._closed.set()
        self._thread.join(timeout=1.0)

    def _tick(self) -> None:
        """On the loop: note how late this comes, and where requests wait."""
        now = time.perf_counter()
        self._lags.append(max(now - self._ticked - TICK_S, 0.0))
        self._ticked = now
        self._handle = self._loop.call_later(TICK_S, self._tick)

    def _look_at_waits(self) -> None:
        """On the loop: where requests wait that take long; where all of them do, once no thread is free."""
        self._waiting = waiting(self._loop, self._under_way, self._slow_s, self._path_of)
        full = self._limiter is not None and self._limiter.borrowed_tokens >= self._limiter.total_tokens
        self._in_threads = waiting(self._loop, self._under_way, 0.0, self._path_of) if full else []

    def _run(self) -> None:
        """On the thread: look every LOOK_S; never ends the application by an error of its own."""
        written = time.perf_counter()
        while not self._closed.wait(LOOK_S) and not self._loop.is_closed():
            try:
                now = time.perf_counter()
                self._look(now)
                self._looks.look(now)
                if not self._asked and now - written >= self._interval_s - BEFORE_S:
                    self._asked = True
                    self._loop.call_soon_threadsafe(self._look_at_waits)
                if now - written >= self._interval_s:
                    written = now
                    self._write(now)
            except Exception:
                log.exception("the runtime watch failed and goes on")
                self._closed.wait(self._interval_s)

    def _look(self, now: float) -> None:
        stall = self._stall
        if stall is not None and stall.ticked != self._ticked:
            self._stall = None
            self._stalled_s += self._ticked - stall.ticked - TICK_S
            self._say_stall(stall, self._ticked)
        elif now - self._ticked > TICK_S + self._stall_s:
            if stall is None:
                self._stalls += 1
                self._number += 1
                stall = self._stall = Stall(self._thread_id, self._ticked, self._under_way, self._path_of)
            stall.look()

    def _say_stall(self, stall: Stall, until: float, **more: Any) -> None:
        if self._stalls <= MOST_STALLS:
            blocked_ms = round((until - stall.ticked - TICK_S) * 1000)
            self._say(logging.WARNING, "stall", {"number": self._number, "blocked_ms": blocked_ms, **more, **stall.summary()})

    def _write(self, now: float) -> None:
        lags, self._lags = sorted(self._lags) or [now - self._ticked], []
        line: dict[str, Any] = {
            "interval_s": self._interval_s,
            "loop_lag_ms": {
                "p50": round(lags[len(lags) // 2] * 1000, 1),
                "max": round(max(lags[-1], now - self._ticked - TICK_S) * 1000, 1),
            },
            "stalls": self._stalls,
            "stalled_ms": round(self._stalled_s * 1000),
            "in_flight": self._under_way.told(),
        }
        self._stalls, self._stalled_s = 0, 0.0
        if self._stall is not None:
            self._say_stall(self._stall, now, goes_on=True)
        waits, self._waiting, self._asked = self._waiting, [], False
        if self._limiter is not None:
            line["threads"] = threads_told(self._limiter, self._in_threads, self._path_of)
        line["pools"] = self._looks.pools(self._path_of)
        line["looks"] = self._looks.told()
        self._say(logging.INFO, "runtime", line)
        if waits:
            self._say(logging.INFO, "waits", {"waiting": waits})

    def _say(self, level: int, kind: str, line: dict[str, Any]) -> None:
        log.log(level, "%s %s", kind, json.dumps({"pid": self.pid, **line}, default=str))
