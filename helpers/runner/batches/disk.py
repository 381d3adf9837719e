"""A full disk pauses a batch: nothing is started that could not write its evidence, and what it broke is run again."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

__all__ = ["ROOM_BYTES", "Disk", "is_full", "says_full"]

ROOM_BYTES = 16 * 2**20  # a run's folder takes below 1 MB; a margin for every worker of a large machine
POLL_S = 1.0
T = TypeVar("T")
_CODES = (errno.ENOSPC, errno.EDQUOT)
_WORDS = tuple(os.strerror(code) for code in _CODES)


def is_full(error: BaseException | None) -> bool:
    """Return whether an error, or what caused it, says that the disk is full."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _CODES:
            return True
        error = error.__cause__ or error.__context__
    return False


def says_full(text: str) -> bool:
    """Return whether a sentence tells of a full disk: what a kernel died of comes as text."""
    return any(word in text for word in _WORDS)


class Disk:
    """The disks a batch writes to.

    Args:
        folders: Where it writes; one that is not there yet stands for the nearest above it that is.
        say: Told when it has to wait, and when it goes on.
        stopped: Whether the batch is to end.

    """

    def __init__(self, folders: list[Path], say: Callable[[str], None], stopped: Callable[[], bool]) -> None:
        self._folders, self._say, self._stopped = folders, say, stopped
        self._waiting = False

    def full(self) -> str:
        """Return which folder has no room for a run, with its free space; empty when all have."""
        for folder in self._folders:
            there = next(path for path in (folder, *folder.resolve().parents) if path.is_dir())
            free = shutil.disk_usage(there).free
            if free < ROOM_BYTES:
                return f"{folder} has {free / 2**20:.1f} MB left, and a run needs {ROOM_BYTES / 2**20:.0f} MB"
        return ""

    async def room(self) -> bool:
        """Wait until there is room; False when the batch was stopped instead."""
        while where := self.full():
            if self._stopped():
                return False
            if not self._waiting:
                self._waiting = True
                self._say(f"The disk is full: {where}. Nothing more is started until there is room again.")
            await asyncio.sleep(POLL_S)
        if self._waiting:
            self._waiting = False
            self._say("There is room on the disk again: the batch goes on.")
        return not self._stopped()

    async def write(self, write: Callable[[], None]) -> bool:
        """Write what must not be lost, again until it is on the disk; False when the batch was stopped before that."""

        async def once() -> bool:
            write()
            return True

        return await self.through(once) or False

    async def through(self, do: Callable[[], Awaitable[T]]) -> T | None:
        """Return what `do` returns, done again while the disk is full; None when the batch was stopped before that."""
        while True:
            try:
                return await do()
            except OSError as error:
                if not is_full(error):
                    raise
            if self._stopped():
                return None
            await self.room()
            await asyncio.sleep(POLL_S)
