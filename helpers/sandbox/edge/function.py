"""The web application's process, as a function the platform keeps: started when it is needed, read while it speaks, started anew after a crash."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from helpers.sandbox.janitor import die_with_parent
from helpers.sandbox.services.base import free_port

__all__ = ["Function", "Spoken"]

_RUNTIME = Path(__file__).parent / "runtime.cjs"
_READY_S = 30.0
_LONGEST_LINE = 1 << 20

Spoken = Callable[[str | None, str, str], None]
"""Called with the request's id (None: of no request), the stream and the text of each thing written."""


class Function:
    """`command` (with `{port}`) in `folder`; `spoken` gets what it writes, `ended` its exit code when it crashes."""

    def __init__(
        self, folder: Path, command: Sequence[str], environment: Mapping[str, str], spoken: Spoken, ended: Callable[[int], None]
    ) -> None:
        self.folder, self.command, self.environment = folder, command, dict(environment)
        self.spoken, self.ended = spoken, ended
        self.port = 0
        self.process: asyncio.subprocess.Process | None = None
        self.client = httpx.AsyncClient(trust_env=False, follow_redirects=False, limits=httpx.Limits(max_connections=200))
        self._turn = asyncio.Lock()
        self._readers: set[asyncio.Task[None]] = set()

    async def ready(self) -> bool:
        """Start it if it does not run, and return whether it takes requests."""
        async with self._turn:
            return (self.process is not None and self.process.returncode is None) or await self._start()

    async def _start(self) -> bool:
        self.port, me = free_port(), os.getpid()
        hook = f"--require={json.dumps(str(_RUNTIME))}"
        self.process = await asyncio.create_subprocess_exec(
            *(part.replace("{port}", str(self.port)) for part in self.command),
            cwd=self.folder,
            env={**self.environment, "NODE_OPTIONS": f"{self.environment.get('NODE_OPTIONS', '')} {hook}".strip()},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=_LONGEST_LINE,
            preexec_fn=lambda: die_with_parent(me, signal.SIGKILL),
        )
        reader = asyncio.create_task(self._read(self.process))
        self._readers.add(reader)
        reader.add_done_callback(self._readers.discard)
        return await self._listens(self.process)

    async def _listens(self, process: asyncio.subprocess.Process) -> bool:
        deadline = time.monotonic() + _READY_S
        while process.returncode is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return True
            await asyncio.sleep(0.05)
        return False

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than anybody reads
                continue
            if not line:
                break
            said = _parsed(line)
            self.spoken(said["request"], said["stream"], said["text"].rstrip("\n"))
        code = await process.wait()
        if code and code != -signal.SIGTERM:
            self.ended(code)

    async def close(self) -> None:
        """End it."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        await self.client.aclose()


def _parsed(line: bytes) -> dict[str, Any]:
    """Return what was written; node's own words (a heap that is full) do not come through the runtime."""
    text = line.decode(errors="replace")
    with contextlib.suppress(ValueError):
        said = json.loads(text)
        if isinstance(said, dict) and {"request", "stream", "text"} <= said.keys():
            return said
    return {"request": None, "stream": "stderr", "text": text}
