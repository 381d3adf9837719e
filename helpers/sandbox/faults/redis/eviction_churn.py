"""Keys are evicted long before they would expire, because another prefix takes the room.

Sessions share a small memory with thumbnails that are rendered all the time (`volatile_ttl`: carts with a feed that has no expiry, under
a policy that evicts only what has one).
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from typing import Any, ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.redis._server import Bystanders, Settings, delete, fill, go_on, server

__all__ = ["EvictionChurn"]

_ROOM = 10 << 20
_PATTERNS = ("login:*", "thumbnail:*", "Cart/*", "feed|*")
_PATIENCE_S = 20.0


@dataclass
class EvictionChurn(Fault):
    """A working set of one and a half times the memory; its writers go on."""

    variants: ClassVar[tuple[str, ...]] = ("default", "volatile_ttl")

    settings: Settings = field(default_factory=Settings, repr=False)
    bystanders: Bystanders = field(default_factory=Bystanders, repr=False)
    turn: int = 0

    async def inject(self, place: Addresses) -> None:
        """Lower the limit, fill it, and let the writers evict; returns when keys have been evicted."""
        crowded = self.variant == "default"
        self.subject = "login:{id} evicted by thumbnail:{id}" if crowded else "Cart/{id} evicted by feed|{id}"
        async with server(place) as session:
            await self.bystanders.keep(session)
            facts = await session.info("memory")
            policy = "allkeys-lru" if crowded else "volatile-ttl"
            await self.settings.change(session, maxmemory=facts["used_memory"] + _ROOM, maxmemory_policy=policy)
            if not crowded:
                await fill(session, (("SET", f"feed|{n:x}0000{n}", "f" * 3000) for n in range(2000)))
            work, name = (_sessions, "session-api") if crowded else (self._carts, "cart-api")
            self.clients.start(go_on(place, name, work, pause_s=0.1))
            if crowded:
                self.clients.start(go_on(place, "thumbnailer", self._thumbnails, pause_s=0.2))
            await self._until_evicted(session)

    async def _thumbnails(self, session: Any) -> None:
        """Render the next hundred and fifty of 6,000."""
        first, self.turn = self.turn, (self.turn + 150) % 6000
        await fill(session, (("SET", f"thumbnail:{n}", "t" * 2000) for n in range(first, first + 150)))

    async def _carts(self, session: Any) -> None:
        """Save eighty of 7,000 carts."""
        keys = [f"Cart/{secrets.randbelow(7000)}" for _ in range(80)]
        await fill(session, (c for key in keys for c in (("HSET", key, "items", "i" * 1000), ("EXPIRE", key, 7200))))

    async def _until_evicted(self, session: Any) -> None:
        """Write as the writers do, without their pauses, until the memory is full and keys are evicted."""
        before = (await session.info("stats"))["evicted_keys"]
        async with asyncio.timeout(_PATIENCE_S):
            while (await session.info("stats"))["evicted_keys"] < before + 200:
                await (self._thumbnails(session) if self.variant == "default" else self._carts(session))

    async def heal(self, place: Addresses) -> None:
        """End the writers, delete the keys, and put the settings and what was evicted of others back."""
        await self.clients.close()
        async with server(place) as session:
            await delete(session, *_PATTERNS)
            await self.settings.put_back(session)
            await self.bystanders.bring_back(session)


async def _sessions(session: Any) -> None:
    """Open five sessions."""
    await fill(session, (("SET", f"login:{secrets.token_urlsafe(16)}", "s" * 100, "EX", 1800) for _ in range(5)))
