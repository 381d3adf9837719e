"""What a warden tells its runner over one pipe: who the kernel is, that it is bound, how it ended.

Lines, so that a warden needs nothing but `os.write`; the pipe's end of file says that all of them are gone.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass

__all__ = ["KILLED", "Status", "tell"]

KILLED = 128 + signal.SIGKILL  # a warden that could not say how its kernel ended was killed itself, and took it along


@dataclass
class Status:
    """What has been heard so far; `code` is the exit code, or 128 + the signal that ended the kernel."""

    kernel: int = 0
    ready: bool = False
    code: int | None = None
    _rest: bytes = b""

    def feed(self, heard: bytes) -> None:
        """Take in what was read from the pipe; nothing at all is its end."""
        if not heard and self.code is None:
            self.code = KILLED
        *lines, self._rest = (self._rest + heard).split(b"\n")
        for line in lines:
            word, _, number = line.decode("ascii").partition(" ")
            if word == "kernel":
                self.kernel = int(number)
            elif word == "ended":
                self.code = int(number)
            self.ready |= word == "ready"


def tell(pipe: int, word: str, number: int = 0) -> None:
    """Write one line; a runner that is gone does not want to know."""
    try:
        os.write(pipe, f"{word} {number}\n".encode("ascii"))
    except OSError:
        return
