"""Ctrl-C, SIGTERM and a closed terminal end a run in order; a second one ends the ending."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["stop_signals"]

_SIGNALS = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM", signal.SIGHUP: "the terminal was closed (SIGHUP)"}


@contextmanager
def stop_signals(stop: Callable[[str], None]) -> Iterator[None]:
    """Call `stop` with the signal's name for each one while the block runs; only the main thread can listen."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    heard = [n for n, handler in before.items() if handler is not signal.SIG_IGN]  # nohup stays nohup
    for number in heard:
        loop.add_signal_handler(number, stop, _SIGNALS[number])
    try:
        yield
    finally:
        for number in heard:
            loop.remove_signal_handler(number)
            signal.signal(number, before[number])
