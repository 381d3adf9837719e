"""The zygote's process: it imports, proves that it may fork, and forks until its owner is gone.

Started as `python -P -m helpers.runner.zygote.serve CHANNEL [--lean]`. No loop, no thread of Python, no socket but CHANNEL: what is forked
from it must find the world as a new interpreter would.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path

__all__ = ["main"]

READY = b"ready"
_HARMLESS = {"jemalloc_bg_thd"}  # pyarrow's allocator; jemalloc restarts what it needs in a child
_UNFIT_TEXT = 1000


def main(arguments: list[str]) -> int:
    """Serve until the owner is gone; returns the exit code."""
    channel = socket.socket(fileno=int(arguments[0]))
    channel.set_inheritable(False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system buries the wardens; each of them listens for its own children
    try:
        from helpers.runner.zygote.preload import preload

        preload(lean="--lean" in arguments, between=partial(_leave_if_alone, channel))
        _prove_fit()
    except Exception as error:
        channel.send(f"{type(error).__name__}: {error}"[:_UNFIT_TEXT].encode())
        return 1
    channel.send(READY)
    _serve(channel)
    return 0


def _leave_if_alone(channel: socket.socket) -> None:
    """An owner that ended while this imports will ask for nothing."""
    readable, _, _ = select.select([channel], [], [], 0)
    if readable and not channel.recv(1, socket.MSG_PEEK):
        os._exit(0)


def _prove_fit() -> None:
    """Fork once, for nothing: OpenBLAS ends its threads then; whatever else is left but this one thread may not be forked."""
    if (child := os.fork()) == 0:
        os._exit(0)
    with suppress(ChildProcessError):  # buried by the system
        os.waitpid(child, 0)
    left = {(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir() if task.name != str(os.getpid())}
    if threading.active_count() > 1 or left - _HARMLESS:
        raise RuntimeError(f"threads that a fork would lose: {', '.join(sorted(left)) or threading.enumerate()}")


def _serve(channel: socket.socket) -> None:
    from helpers.runner.zygote.newborn import become_warden
    from helpers.runner.zygote.request import receive

    while (asked := receive(channel)) is not None:
        request, fds = asked
        warden = os.fork()
        if warden == 0:
            become_warden(request, fds)
        for fd in fds:
            os.close(fd)
        channel.send(str(warden).encode("ascii"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
