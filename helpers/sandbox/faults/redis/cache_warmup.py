"""Looks like a broken cache: a deployment changed the keys' version, and the cache fills anew.

Lookups miss for a while and the old version's keys expire by themselves; nothing is evicted and nothing refused.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.redis._server import delete, fill, go_on, server

__all__ = ["CacheWarmup"]


@dataclass
class CacheWarmup(Fault):
    """`page:v1:{id}` is there and expires; clients ask for `page:v2:{id}`, miss, and fill it."""

    lookalike: ClassVar[bool] = True

    async def inject(self, place: Addresses) -> None:
        """Fill the old version, and let clients ask for the new one."""
        async with server(place) as session:
            await fill(session, (("SET", f"page:v1:{n}", "p" * 300, "EX", 120 + n % 180) for n in range(3000)))
        self.clients.start(go_on(place, "web", _read_through, pause_s=0.05))

    async def heal(self, place: Addresses) -> None:
        """End the clients, and delete the keys."""
        await self.clients.close()
        async with server(place) as session:
            await delete(session, "page:*")


async def _read_through(session: Any) -> None:
    for number in random.sample(range(3000), 8):
        if await session.get(f"page:v2:{number}") is None:
            await session.set(f"page:v2:{number}", "p" * 300, ex=300)
