"""Start a warden: forked from the zygote where one is warm, else from the running interpreter."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from helpers.runner import zygote

__all__ = ["Launched", "launch", "pipes"]

STOP_S = 8.0
_OF_JUPYTER = ("JPY_PARENT_PID", "JPY_SESSION_NAME")  # a kernel that finds them ends when its parent is another


@dataclass(frozen=True, slots=True)
class Launched:
    """A warden on its way. Closing `lifeline` ends it and all below it; `status` tells how they are (`Status`)."""

    lifeline: int
    status: int
    kill: Callable[[], None]
    bury: Callable[[], object]
    forked: bool = False


async def launch(folder: Path, connection_file: Path, env: Mapping[str, str], cwd: Path) -> Launched:
    """Return the warden of a kernel that serves at `connection_file`, with exactly this environment, working folder and log.

    Raises:
        OSError: the working folder cannot be entered.

    """
    environment = {name: value for name, value in env.items() if name not in _OF_JUPYTER}
    nothing, log = os.open(os.devnull, os.O_RDONLY), os.open(folder / "kernel.log", os.O_WRONLY | os.O_CREAT, 0o600)
    streams = (nothing, log, log)
    try:
        warm = zygote.current()
        if warm is not None:
            try:
                return await fork(warm, zygote.Request("runner", str(connection_file), [], environment), cwd, streams)
            except zygote.NotForked as error:
                zygote.say_once(error)
        return _spawn(connection_file, environment, cwd, streams)
    finally:
        os.close(nothing)
        os.close(log)


async def fork(warm: zygote.Zygote, request: zygote.Request, cwd: Path, streams: tuple[int, int, int]) -> Launched:
    """Return a warden forked from the zygote; `streams` become its descriptors 0, 1 and 2.

    Raises:
        NotForked: the zygote is gone, or the kernel cannot be made from it.
        OSError: the working folder cannot be entered.

    """
    folder = os.open(cwd, os.O_RDONLY | os.O_DIRECTORY)
    ours, theirs = pipes()
    given, claim = (folder, *(os.dup(fd) for fd in streams), *theirs), threading.Lock()
    try:
        pid = await asyncio.to_thread(_claimed, claim, warm, request, given)
    except BaseException:
        for fd in (*ours, *(given if claim.acquire(blocking=False) else ())):
            os.close(fd)
        raise
    return Launched(*ours, kill=lambda: os.kill(pid, signal.SIGKILL), bury=lambda: None, forked=True)


def _claimed(claim: threading.Lock, warm: zygote.Zygote, request: zygote.Request, given: tuple[int, ...]) -> int:
    """In a thread, which may begin after nobody waits for it any more: the descriptors are closed by whoever claims them."""
    return warm.fork(request, given) if claim.acquire(blocking=False) else 0


def pipes() -> tuple[tuple[int, int], tuple[int, int]]:
    """Return (lifeline, status) for the runner, and the same pipes' other ends for its warden."""
    lifeline_read, lifeline = os.pipe()
    status, status_write = os.pipe()
    return (lifeline, status), (lifeline_read, status_write)


def _spawn(connection_file: Path, env: Mapping[str, str], cwd: Path, streams: tuple[int, int, int]) -> Launched:
    ours, theirs = pipes()
    stdin, stdout, stderr = streams
    command = [sys.executable, "-P", "-m", "helpers.runner.warden", str(connection_file), *map(str, theirs)]
    try:
        process = subprocess.Popen(  # noqa: S603 (the running interpreter and our own module)
            command, env=env, cwd=cwd, stdin=stdin, stdout=stdout, stderr=stderr, pass_fds=theirs, start_new_session=True,
        )  # fmt: skip
    except BaseException:
        for fd in ours:
            os.close(fd)
        raise
    finally:
        for fd in theirs:
            os.close(fd)
    return Launched(*ours, kill=process.kill, bury=lambda: process.wait(timeout=STOP_S))
