"""The owner's side: start a sandbox and hold the pipe whose end tells its keeper that the owner is gone."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from io import BufferedReader
from pathlib import Path
from typing import Any

import psutil

from helpers.errors import RunbookError
from helpers.sandbox.control import Progress
from helpers.sandbox.janitor import EXISTS
from helpers.sandbox.services.api import python_path

__all__ = ["AlreadyThere", "Ownership", "launch", "reap"]

_START_S = 90.0
_END_S = 30.0
_children: list[subprocess.Popen[bytes]] = []  # those that outlive their Ownership, kept to be reaped


class AlreadyThere(RunbookError):
    """A sandbox of that name exists, or is being started."""


class Ownership:
    """The pipe to a sandbox's keeper; independent of any event loop."""

    def __init__(self, process: subprocess.Popen[bytes], pipe: int) -> None:
        self.process, self._pipe = process, pipe
        _children.append(process)

    def write(self, line: bytes) -> None:
        """Send one line to the keeper."""
        os.write(self._pipe, line + b"\n")

    def detach(self) -> None:
        """Let the sandbox live on without this process."""
        self.write(b"detach")
        self._let_go()

    def _let_go(self) -> None:
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1

    async def close(self) -> None:
        """End the sandbox and wait until nothing is left of it."""
        self._let_go()
        for _ in range(int(_END_S / 0.02)):
            if self.process.poll() is not None:
                return
            await asyncio.sleep(0.02)
        raise RunbookError("The sandbox did not end in time.", remedy="runbook sandbox status")

    def close_now(self) -> None:
        """The same at the end of the process, when no event loop is left."""
        self._let_go()
        self.process.wait(_END_S)


def reap() -> None:
    """Take note of the sandboxes started here that have ended."""
    _children[:] = [p for p in _children if p.poll() is None]


def _environment() -> dict[str, str]:
    """The environment without PGSSLMODE and its like, which would turn every connection of the sandbox elsewhere."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PG")}


def _spawn(folder: Path) -> tuple[Ownership, int]:
    reap()
    stdin_end, pipe = os.pipe()
    output, stdout_end = os.pipe()
    try:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", str(Path(__file__).with_name("janitor.py")), str(folder)],
            stdin=stdin_end,
            stdout=stdout_end,
            stderr=stdout_end,
            start_new_session=True,
            cwd="/",
            env={**_environment(), **python_path()},
        )
    except OSError:
        os.close(pipe)
        os.close(output)
        raise
    finally:
        os.close(stdin_end)
        os.close(stdout_end)
    return Ownership(process, pipe), output


async def launch(folder: Path, config: dict[str, Any], progress: Progress) -> Ownership:
    """Start a sandbox in `folder` and return when it is ready; a cancelled start leaves nothing.

    Raises:
        AlreadyThere: the folder exists.
        RunbookError: it did not start; the reason is the keeper's.

    """
    owner = {"pid": os.getpid(), "created": psutil.Process().create_time()}
    ownership, output = _spawn(folder)
    try:
        with os.fdopen(output, "rb") as stream:
            ownership.write(json.dumps({**config, "owner": owner}).encode())
            async with asyncio.timeout(_START_S):
                await _follow(stream, progress)
    except BaseException:
        await asyncio.shield(ownership.close())
        if ownership.process.returncode == EXISTS:
            raise AlreadyThere(f"There is a sandbox in {folder} already.", remedy="runbook sandbox down") from None
        raise
    return ownership


async def _follow(stream: BufferedReader, progress: Progress) -> None:
    """Pass the keeper's progress on until it is ready. Raises RunbookError with its own words."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), stream)
    other: list[str] = []
    try:
        while line := await reader.readline():
            try:
                words = json.loads(line)
            except ValueError:
                other.append(line.decode(errors="replace"))
                continue
            if "error" in words:
                raise RunbookError(words["error"], remedy=words["remedy"])
            if "ready" in words:
                return
            progress(words["progress"])
    finally:
        transport.close()
    raise RunbookError(f"The sandbox did not start. {''.join(other)[-800:]}".strip(), remedy="Try again; see its keeper.log if it stays.")
