"""Another company's service: answers over HTTP after a while, or says that it cannot; it runs beside the faults, on a port of its own."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable

__all__ = ["Upstream"]

_BODY = b'{"price_cents": 490, "points": 12, "status": "accepted"}'


class Upstream:
    """One service; `delay_s` gives the seconds of each answer, `status` what it answers with."""

    def __init__(self, delay_s: Callable[[], float], status: int = 200) -> None:
        self._delay_s, self._status = delay_s, status
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @classmethod
    def slow(cls, around_s: float, status: int = 200) -> Upstream:
        """Return one that takes around so many seconds, give or take a third."""
        return cls(lambda: random.uniform(around_s * 2 / 3, around_s * 4 / 3), status)  # noqa: S311 - not a secret

    async def start(self) -> str:
        """Start it; return its `host:port`."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        return f"{host}:{port}"

    async def close(self) -> None:
        """End it, and every connection."""
        if self._server is not None:
            self._server.close()
            for writer in self._writers:  # Server.close_clients is there from Python 3.13 on
                writer.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), 0)
                await reader.readexactly(length)
                await asyncio.sleep(self._delay_s())
                head = f"HTTP/1.1 {self._status} X\r\ncontent-type: application/json\r\ncontent-length: {len(_BODY)}\r\n\r\n".encode()
                writer.write(head + _BODY)
                await writer.drain()
        writer.close()
        self._writers.discard(writer)
