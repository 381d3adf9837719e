"""The process between the runner and its kernel: it outlives neither, and leaves nobody behind.

Started as `python -P -m helpers.runner.warden CONNECTION_FILE LIFELINE STATUS`, or forked from the zygote. It forks the kernel and waits
for the first of two things: the kernel's end, or end-of-file on LIFELINE, whose other end only the runner holds (so `kill -9` of the runner
ends it too). STATUS is held open to the very end, so that its end-of-file says "all gone".
Then it kills the kernel's process group and every descendant, those that daemonised included: it is their subreaper.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from helpers.runner.status import tell

__all__ = ["guard", "main"]

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
GIVE_UP_S = 5.0
GRACE_S = 3.0  # a server that a cell started notices that its owner is gone, and takes its folder away itself
_told_to_end = False


def main(arguments: list[str]) -> int:
    """Run one kernel of this room to its end; returns its exit code, 128 + the signal that ended it."""
    connection_file, lifeline, status = Path(arguments[0]), int(arguments[1]), int(arguments[2])

    def kernel(status: int) -> None:
        from helpers.runner.inside import run_kernel

        run_kernel(connection_file, status)

    return guard(kernel, lifeline, status, connection_file.parent)


def guard(kernel: Callable[[int], None], lifeline: int, status: int, folder: Path | None) -> int:
    """Fork the kernel and guard it to its end; returns its exit code, 128 + the signal that ended it.

    Args:
        kernel: Serves as a kernel, in the child; it is given `status` to say that it is ready, and to close.
        lifeline: End-of-file on it ends everyone.
        status: Where `helpers.runner.status` is told.
        folder: Removed when the runner let go first, since then nobody else can.

    """
    for fd in (lifeline, status):
        os.set_inheritable(fd, False)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    _name("runbook-warden")
    wakeup = _listen_to_signals()
    warden = os.getpid()
    child = os.fork()
    if child == 0:
        _become_kernel(kernel, lifeline, status, warden)
    tell(status, "kernel", child)
    ended = _watch(child, lifeline, wakeup)
    _end_everyone(child, wakeup)
    if ended is None:
        if folder is not None:
            _remove(folder)
        return 0
    code = 128 - ended if ended < 0 else ended
    tell(status, "ended", code)
    return code


def _prctl(option: int, value: int) -> None:
    """Linux only: elsewhere ipykernel's own habits must do."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _name(name: str) -> None:
    """Be called so by ps and top: a forked process has its zygote's command line."""
    try:
        Path("/proc/self/comm").write_text(name, encoding="ascii")
    except OSError:
        return


def _listen_to_signals() -> int:
    """Return a descriptor that becomes readable with every signal; Ctrl-C and hang-up are the runner's business."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, _end)
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    return read


def _end(*_: object) -> None:
    global _told_to_end
    _told_to_end = True


def _become_kernel(kernel: Callable[[int], None], lifeline: int, status: int, warden: int) -> None:
    """In the child: its own session, dead with the warden, then a kernel until it ends."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.close(lifeline)
    os.setsid()
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != warden:
        os._exit(1)
    _name("runbook-kernel")
    code = 1
    try:
        kernel(status)
        code = 0
    except Exception:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _watch(kernel: int, lifeline: int, wakeup: int) -> int | None:
    """Wait; returns the kernel's exit code (a signal as a negative number), or None when the runner let go first."""
    while not _told_to_end:
        status = _reap(kernel)
        if status is not None:
            return status
        readable, _, _ = select.select([lifeline, wakeup], [], [])
        if lifeline in readable:
            return None
        os.read(wakeup, 4096)
    return None


def _reap(kernel: int) -> int | None:
    """Bury every child that ended; returns the kernel's exit code if it is among them."""
    found = None
    try:
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return found
            if pid == kernel:
                found = os.waitstatus_to_exitcode(status)
    except ChildProcessError:
        return found


def _end_everyone(kernel: int, wakeup: int) -> None:
    """Kill the kernel's group; whoever else is left below this process may clean up for GRACE_S, then is killed too."""
    adopts = sys.platform == "linux"
    strays = [] if adopts else _descendants()  # once their parent is gone they are nobody's
    began = time.monotonic()
    while True:
        _kill_group(kernel)
        if time.monotonic() - began > GRACE_S:
            for pid in _descendants() if adopts else strays:
                _kill(pid)
        _reap(kernel)
        if not _has_children() or time.monotonic() - began > GIVE_UP_S:
            return
        if select.select([wakeup], [], [], 0.02)[0]:
            os.read(wakeup, 4096)


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        _kill(leader)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _descendants() -> list[int]:
    import psutil

    return [child.pid for child in psutil.Process().children(recursive=True) if child.status() != psutil.STATUS_ZOMBIE]


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    os._exit(code & 0xFF)
