"""One revision built and started by the commands a profile gives, in a process group of its own that ends with it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from helpers.settings import DeployCommands

__all__ = ["NotRunning", "running"]

ALWAYS = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT")
GRACE_S = 3.0
_ANSWER_S = 5.0


class NotRunning(Exception):
    """The revision does not build, or does not start: nothing can be told of it."""


@asynccontextmanager
async def running(commands: DeployCommands, folder: Path) -> AsyncIterator[str]:
    """Yield the address of the revision in `folder` once it accepts connections; its whole process group is ended after.

    Raises:
        NotRunning: it does not build or start within its time.

    """
    given = {name: os.environ[name] for name in (*ALWAYS, *commands.environment) if name in os.environ}
    port = _free_port()
    if commands.build:
        async with _process(commands.build, folder, given) as process:
            code = await _within(process, commands.build_s)
        if code != 0:
            raise NotRunning(f"It does not build ({'no time left' if code is None else f'exit {code}'}).")
    start = [part.replace("{port}", str(port)) for part in commands.start]
    async with _process(start, folder, {**given, "PORT": str(port)}) as process:
        await _ready(process, port, commands)
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def _process(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    nothing = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, env=dict(environment), stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
        )
    except OSError as error:
        raise NotRunning(f"{command[0]} cannot be run: {error.strerror}.") from None
    try:
        yield process
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the whole group: first asked, then killed, also what its leader left behind."""
    _signal(process.pid, signal.SIGTERM)
    try:
        await _within(process, GRACE_S)
    finally:
        _signal(process.pid, signal.SIGKILL)
        await process.wait()


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


async def _within(process: asyncio.subprocess.Process, seconds: float) -> int | None:
    try:
        async with asyncio.timeout(seconds):
            return await process.wait()
    except TimeoutError:
        return None


async def _ready(process: asyncio.subprocess.Process, port: int, commands: DeployCommands) -> None:
    until = time.monotonic() + commands.start_s
    while time.monotonic() < until:
        if process.returncode is not None:
            raise NotRunning(f"It ended at its start (exit {process.returncode}).")
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_ANSWER_S):
                if await _answers(port, commands.health):
                    return
        await asyncio.sleep(0.05)
    raise NotRunning(f"It is not ready within {commands.start_s:g} s.")


async def _answers(port: int, health: str) -> bool:
    """Return whether a connection is accepted, and the path, if there is one, answered below 500."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        if not health:
            return True
        writer.write(f"GET {health} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        status = (await reader.readline()).split()
        return len(status) > 1 and status[1][:1] in (b"2", b"3", b"4")
    finally:
        writer.close()


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
