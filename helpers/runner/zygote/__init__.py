"""Kernels born with their imports done: one process has them, and forks a kernel (and its warden) for each run.

`async with warm_kernels(): …` (or `start()`): every kernel that this process starts from then on is forked. Without it, or where a fork
is not to be had, kernels start as they always do; the second is said once.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from helpers.runner.zygote.owner import NotForked, Zygote
from helpers.runner.zygote.request import Request

__all__ = ["NotForked", "Request", "Zygote", "current", "say_once", "start", "stop", "warm_kernels"]

SWITCH = "RUNBOOK_STOCK_KERNELS"  # set to anything, it keeps every kernel stock
_log = logging.getLogger(__name__)
_lock = threading.Lock()
_zygote: Zygote | None = None
_users = 0
_said: set[str] = set()


def start(*, lean: bool = False) -> None:
    """Start this process's zygote, if it has none; returns at once, the imports go on meanwhile.

    Args:
        lean: With no more than every kernel imports before its first cell: ready when a single run is, which has no time to wait for more.

    """
    global _zygote
    if os.environ.get(SWITCH):
        return
    if not sys.platform.startswith("linux"):
        say_once(NotForked("Kernels are forked on Linux only; here they start anew, which takes about a second each."))
        return
    with _lock:
        if _zygote is None or not _zygote.alive():
            _end(_zygote)
            _zygote = Zygote(lean=lean)


def stop() -> None:
    """End this process's zygote, if it has one; kernels that run go on."""
    global _zygote
    with _lock:
        _end(_zygote)
        _zygote = None


def current() -> Zygote | None:
    """Return this process's zygote, a new one where the code it has imported has changed on the disk since; None without one."""
    global _zygote
    with _lock:
        if _zygote is not None and _zygote.owner != os.getpid():
            return None  # a forked child of its owner: what it would fork is not this process's
        if _zygote is not None and _zygote.stale():
            lean = _zygote.lean
            _end(_zygote)
            _zygote = Zygote(lean=lean)
        return _zygote


@asynccontextmanager
async def warm_kernels() -> AsyncIterator[None]:
    """Fork the kernels that this process starts meanwhile; the last one out ends the zygote."""
    global _users
    _users += 1
    start()
    try:
        yield
    finally:
        _users -= 1
        if not _users:
            stop()


def say_once(error: NotForked) -> None:
    """Log why a kernel starts anew instead of being forked, the first time for each reason."""
    if error.reason not in _said:
        _said.add(error.reason)
        _log.warning("%s", error)


def _end(zygote: Zygote | None) -> None:
    if zygote is not None:
        zygote.stop()


atexit.register(stop)
