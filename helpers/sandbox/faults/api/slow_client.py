"""Clients on bad networks read their answers slowly; the API itself is as fast as ever."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault

__all__ = ["SlowClient"]

_CLIENTS = 12
_PAUSE_S = 0.25


@dataclass
class SlowClient(Fault):
    """A dozen clients send their request byte by byte and read the answer byte by byte."""

    lookalike: ClassVar[bool] = True
    services: ClassVar[tuple[str, ...]] = ("postgres", "redis", "api")

    async def inject(self, place: Addresses) -> None:
        """Start the clients."""
        self.parameters = {"endpoint": "GET /orders?customer_id=42"}
        for number in range(_CLIENTS):
            self.clients.start(_crawling(place.api, f"/orders?customer_id={number + 1}"))

    async def heal(self, place: Addresses) -> None:
        """End the clients."""
        await self.clients.close()


async def _crawling(url: str, path: str) -> None:
    parts = urlsplit(url)
    request = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nX-Client-ID: phone\r\nConnection: close\r\n\r\n".encode()
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1024)
            try:
                for start in range(0, len(request), 16):
                    writer.write(request[start : start + 16])
                    await writer.drain()
                    await asyncio.sleep(_PAUSE_S)
                while await reader.read(64):  # noqa: ASYNC110 - slowness is the point
                    await asyncio.sleep(_PAUSE_S)
            finally:
                writer.close()
