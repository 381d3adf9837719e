"""The zygote as its owner sees it: one socket, held by nobody else, whose end of file ends the zygote."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Mapping
from pathlib import Path

from helpers.errors import RunBroken
from helpers.runner.zygote.request import Request, send

__all__ = ["READY", "NotForked", "Zygote"]

READY = b"ready"
READY_S, FORK_S, STOP_S = 60.0, 10.0, 5.0  # imports on a machine that does nothing else: 1.5 s; a fork: some milliseconds
_PACKAGE = Path(__file__).resolve().parents[2]
_READ_AT_IMPORT = ("PYTHON", "LD_", "MALLOC_", "OMP_", "OPENBLAS_", "MKL_", "NPY_", "PANDAS_", "ARROW_", "MATPLOTLIB", "MPLCONFIG", "HOME",
                   "LANG", "LC_", "XDG_", "JUPYTER", "PYDEVD", "API_URL")  # fmt: skip


class NotForked(RunBroken):
    """A kernel could not be forked: it starts anew instead, and the run goes on."""


class Zygote:
    """A process with the imports done, which forks kernels on request; `stop` or the owner's end is its end."""

    def __init__(self, *, lean: bool = False) -> None:
        self.owner, self.lean = os.getpid(), lean
        self._stamp, self._env = _stamp(), _read_at_import(os.environ)
        self._lock = threading.Lock()
        self._ready = False
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-P", "-m", "helpers.runner.zygote.serve", str(theirs.fileno()), *(["--lean"] if lean else [])]
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 (the running interpreter and our own module)
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),), start_new_session=True,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """The zygote's process id."""
        return self._process.pid

    def alive(self) -> bool:
        """Return whether its process runs."""
        return self._process.poll() is None

    def stale(self) -> bool:
        """Return whether the code it has imported is another now on the disk."""
        return _stamp() != self._stamp

    def fork(self, request: Request, fds: tuple[int, ...]) -> int:
        """Return the process id of a new warden; `fds` are taken over, and closed here however it ends.

        Raises:
            NotForked: it is gone or does not answer, or the environment differs in what libraries read at import.

        """
        try:
            if _read_at_import(request.env) != self._env:
                raise NotForked("A kernel was given variables that libraries read at import, other than this process's: it starts anew.")
            with self._lock:
                self._wait_until_ready()
                self._channel.settimeout(FORK_S)
                send(self._channel, request, fds)
                return int(self._hear())
        except (OSError, ValueError) as error:
            self.stop()
            raise NotForked(f"The process that forks kernels is gone ({error}): kernels start anew.") from error
        finally:
            for fd in fds:
                os.close(fd)

    def _wait_until_ready(self) -> None:
        if self._ready:
            return
        self._channel.settimeout(READY_S)
        said = self._hear()
        if said != READY:
            raise ValueError(said.decode("utf-8", "replace"))
        self._ready = True

    def _hear(self) -> bytes:
        heard = self._channel.recv(4096)
        if not heard:
            raise ValueError(f"exit code {self._process.wait(timeout=STOP_S)}")
        return heard

    def stop(self) -> None:
        """End it; safe to call twice, and in a forked child of its owner, which has no say."""
        if self.owner != os.getpid():
            return
        self._channel.close()
        if not self._ready:  # it imports, and nobody is forked yet
            self._process.kill()
        try:
            self._process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=STOP_S)


def _read_at_import(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(_READ_AT_IMPORT)}


def _stamp() -> tuple[int, int, int]:
    """Tell this package and the installed ones from what they become when somebody edits, updates or removes files."""
    ours = [os.stat(f"{folder}/{name}").st_mtime_ns for folder, _, names in os.walk(_PACKAGE) for name in names if name.endswith(".py")]  # noqa: PTH116 (half the time)
    return len(ours), max(ours), Path(sysconfig.get_path("purelib")).stat().st_mtime_ns
