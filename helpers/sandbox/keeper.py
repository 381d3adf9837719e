"""The keeper: the process that holds a sandbox's servers and its faults until its owner goes away.

Started by the janitor as `python -m helpers.sandbox.keeper FOLDER`. The first line of its stdin says what to start; end of file
on it means that the owner is gone, however that happened. A line `detach` makes it stay until `down`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

import psutil

from helpers.errors import RunbookError
from helpers.sandbox.control import Progress
from helpers.sandbox.janitor import clean
from helpers.sandbox.stage import Stage

__all__ = ["main"]

_OWNER_POLL_S = 1.0


def _say(**words: Any) -> None:
    """One line to the owner; when it is gone, its end of file says so elsewhere."""
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(words), flush=True)  # noqa: T201 - the pipe to the owner


async def _stdin() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def _owner_gone(reader: asyncio.StreamReader, owner: dict[str, float]) -> None:
    """Return when the owner is gone: end of file, or (a fork of it may hold the pipe) its process has ended."""
    while True:
        try:
            line = await asyncio.wait_for(reader.readline(), _OWNER_POLL_S)
        except TimeoutError:
            if _lives(owner):
                continue
            return
        if line.strip() == b"detach":
            await asyncio.Event().wait()
        if not line:
            return


def _lives(owner: dict[str, float]) -> bool:
    try:
        process = psutil.Process(int(owner["pid"]))
        return process.create_time() == owner["created"] and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def _keep(folder: Path) -> int:
    reader = await _stdin()
    config = json.loads(await reader.readline() or b"{}")
    if not config:
        return 0
    stage = Stage(folder, config)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    progress: Progress = lambda text: _say(progress=text)  # noqa: E731
    tasks = [
        work := asyncio.create_task(stage.open(progress)),
        asyncio.create_task(_owner_gone(reader, config["owner"])),
        asyncio.create_task(ended.wait()),
        asyncio.create_task(stage.closing.wait()),
    ]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    code = _report(work)
    if work.done() and code == 0:
        await asyncio.wait(tasks[1:], return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await stage.close()
    return code


def _report(work: asyncio.Task[None]) -> int:
    if not work.done():
        return 0
    error = work.exception()
    if error is None:
        _say(ready=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # a pipe of the owner's must not be held by a sandbox that stays
        return 0
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    traceback.print_exception(error)  # into keeper.log
    if isinstance(error, RunbookError):
        _say(error=error.reason, remedy=error.remedy)
    else:
        _say(error=f"{type(error).__name__}: {error}", remedy="")
    return 1


def main() -> int:
    """Keep the sandbox of the folder named on the command line."""
    folder, janitor = Path(sys.argv[1]), os.getppid()
    (folder / "logs").mkdir(mode=0o755)
    log = os.open(folder / "keeper.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 2)
    code = asyncio.run(_keep(folder))
    if os.getppid() != janitor:  # it was killed: its work is ours
        clean(folder)
    return code


if __name__ == "__main__":
    sys.exit(main())
