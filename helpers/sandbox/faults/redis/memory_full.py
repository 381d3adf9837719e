"""The memory is full and the server refuses writes; reads go on.

Reports were kept without a thought for their size (`expiring_cache`: a cache whose entries live for a day; `volatile_policy`: the
policy may evict keys that expire, and none does).
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from redis.exceptions import OutOfMemoryError

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.redis._server import Settings, delete, fill, go_on, server

__all__ = ["MemoryFull"]

_ROOM = 12 << 20
_WRITES_EVERY_S = 0.05
_PATTERNS = ("report:*", "Render Cache/*", "thumb|*", "login:*", "draft:*")
_NAMES = {"default": "report:{id}", "expiring_cache": "Render Cache/{id}/html", "volatile_policy": "thumb|{id}"}


@dataclass
class MemoryFull(Fault):
    """One prefix fills the memory up to the limit; a client whose writes are refused goes on trying."""

    variants: ClassVar[tuple[str, ...]] = ("default", "expiring_cache", "volatile_policy")

    settings: Settings = field(default_factory=Settings, repr=False)

    async def inject(self, place: Addresses) -> None:
        """Lower the limit to a little above what is in use, and write until it is reached."""
        policy = "volatile-lru" if self.variant == "volatile_policy" else "noeviction"
        self.subject = f"{_NAMES[self.variant]} under {policy}"
        async with server(place) as session:
            if self.variant == "default":
                await fill(session, (("SET", f"login:{secrets.token_urlsafe(16)}", n, "EX", 1200 + n) for n in range(600)))
            used = (await session.info("memory"))["used_memory"]
            await self.settings.change(session, maxmemory=used + _ROOM, maxmemory_policy=policy)
            await _fill_up(session, self._commands())
        self.clients.start(go_on(place, "checkout-api", _write, pause_s=_WRITES_EVERY_S))

    def _commands(self) -> Iterator[tuple[Any, ...]]:
        for number in itertools.count(10_000):
            if self.variant == "default":
                yield ("SET", f"report:{number}", "r" * 2000)
            elif self.variant == "volatile_policy":
                yield ("SET", f"thumb|{secrets.token_hex(8)}", "t" * 900)
            else:
                yield ("HSET", f"Render Cache/{number}/html", "body", "b" * 1500, "etag", number)
                yield ("EXPIRE", f"Render Cache/{number}/html", 86400 - number % 7200)

    async def heal(self, place: Addresses) -> None:
        """End the client, delete the keys, and put the settings back."""
        await self.clients.close()
        async with server(place) as session:
            await delete(session, *_PATTERNS)
            await self.settings.put_back(session)


async def _fill_up(session: Any, commands: Iterator[tuple[Any, ...]]) -> None:
    """Write until single writes are refused too: the buffers of a pipeline are given back after it, and leave room."""
    with contextlib.suppress(OutOfMemoryError):
        await fill(session, commands)
    for _ in range(3):
        await asyncio.sleep(0.2)
        with contextlib.suppress(OutOfMemoryError):
            for command in commands:
                await session.execute_command(*command)


async def _write(session: Any) -> None:
    await session.set(f"draft:{secrets.randbelow(50)}", "d" * 200)
