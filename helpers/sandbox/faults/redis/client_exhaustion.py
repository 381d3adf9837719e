"""Clients hold nearly all slots, or the memory, and others are refused.

A worker left its connections open (`leak_goes_on`: another one opens them one after the other, and never closes any; `blocked`:
consumers without a name wait for a queue that nobody fills; `unread_replies`: an export asks for large values and does not read them;
`pool_too_large`: nothing is left behind, an application has as many in use as there are slots).
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Any, ClassVar

from redis.exceptions import RedisError

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.redis._server import Settings, client, delete, fill, go_on, server

__all__ = ["ClientExhaustion"]

_SUBJECTS = {
    "default": "invoice-worker", "leak_goes_on": "Stock-Sync/{id}", "blocked": "127.0.0.1", "unread_replies": "export-api",
    "pool_too_large": "search-api",
}  # fmt: skip
_HELD = 40
_LEAK_S = 0.1
_FREE = 8
_BURST = 14
_BIG = 1 << 20
_ROOM = 24 << 20
_PATIENCE_S = 15.0


@dataclass
class ClientExhaustion(Fault):
    """Idle, blocked or unread connections, a limit a little above them, and an application that opens a burst of its own."""

    variants: ClassVar[tuple[str, ...]] = ("default", "leak_goes_on", "blocked", "unread_replies", "pool_too_large")
    proposed: ClassVar[tuple[str, ...]] = ("pool_too_large",)

    settings: Settings = field(default_factory=Settings, repr=False)
    held: list[Any] = field(default_factory=list, repr=False)

    async def inject(self, place: Addresses) -> None:
        """Take the slots or the memory; returns when others are refused."""
        self.subject = _SUBJECTS[self.variant]
        self.parameters = {"idle_s": 2.0 if self.variant == "leak_goes_on" else 3.0}  # the server counts whole seconds
        async with server(place) as session:
            if self.variant == "unread_replies":
                await self._unread(place, session)
            else:
                await self._take(place, session)

    async def _take(self, place: Addresses, session: Any) -> None:
        facts = await session.info("clients")
        await self.settings.change(session, maxclients=facts["connected_clients"] + _HELD + _FREE)
        if self.variant == "leak_goes_on":
            self.clients.start(self._leak(place))
        else:
            await asyncio.gather(*(self._hold(place, self.subject) for _ in range(_HELD)))
        if self.variant == "pool_too_large":
            self.clients.start(go_on(place, "search-web", self._use_all, pause_s=0.2))
        await _until(session, "connected_clients", facts["connected_clients"] + _HELD - 1)
        self.clients.start(go_on(place, "checkout-api", _Burst(place), pause_s=0.1))
        await _until(session, "rejected_connections", (await session.info())["rejected_connections"] + 1)

    async def _hold(self, place: Addresses, name: str) -> None:
        blocked = self.variant == "blocked"
        one = await _connected(place, None if blocked else name)
        self.held.append(one)
        await (one.send_command("BLPOP", "mail:outbox", 0) if blocked else _asked(one, "GET", "invoice:1"))

    async def _use_all(self, _: Any) -> None:
        """Ask one thing over each connection of the pool."""
        for one in self.held:
            await _asked(one, "GET", "search:1")

    async def _leak(self, place: Addresses) -> None:
        """Open one connection after the other, ten per second, up to what the process may open; a closed one is replaced."""
        task, number = asyncio.current_task(), 100
        while task is not None and not task.cancelling():
            with contextlib.suppress(RedisError, OSError):
                alive = [one for one in self.held if await _alive(one)]
                self.held[:] = alive
                if len(alive) < _HELD:
                    await self._hold(place, f"Stock-Sync/{number}")
                    number += 1
            await asyncio.sleep(_LEAK_S)

    async def _unread(self, place: Addresses, session: Any) -> None:
        await fill(session, [("SET", "export:page", "e" * _BIG), ("SET", "flag:exports", "on")])
        facts = await session.info("memory")
        await self.settings.change(session, maxmemory=facts["used_memory"] + _ROOM, maxmemory_policy="noeviction")
        one = await _connected(place, "export-api")
        self.held.append(one)
        for _ in range(_ROOM // _BIG + 8):
            await one.send_command("GET", "export:page")
        self.clients.start(go_on(place, "cart-api", _write, pause_s=0.05))
        await _until(session, "total_error_replies", (await session.info())["total_error_replies"] + 1)

    async def heal(self, place: Addresses) -> None:
        """Close the connections, delete the keys, and put the settings back."""
        await self.abandon()
        async with server(place) as session:
            await self.settings.put_back(session)
            await delete(session, "export:page", "flag:exports", "Cart:draft")

    async def abandon(self) -> None:
        """Close the connections."""
        await self.clients.close()
        for one in self.held:
            await one.disconnect(nowait=True)
        self.held.clear()


class _Burst:
    """An application without a pool: it opens several connections at once, asks one thing of each, and closes them."""

    def __init__(self, place: Addresses) -> None:
        self.place = place

    async def __call__(self, _: Any) -> None:
        await asyncio.gather(*(self._one() for _ in range(_BURST)), return_exceptions=True)

    async def _one(self) -> None:
        async with client(self.place, "checkout-api") as session:
            await session.get("cart:1")
            await asyncio.sleep(0.03)


async def _until(session: Any, number: str, least: float) -> None:
    """Return when INFO's `number` is at least `least`."""
    async with asyncio.timeout(_PATIENCE_S):
        while (await session.info())[number] < least:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.05)


async def _connected(place: Addresses, name: str | None) -> Any:
    """A bare connection, which reads only what it is told to."""
    session = client(place, name or "")
    one = session.connection_pool.make_connection()
    one.client_name = name
    await one.connect()
    return one


async def _asked(one: Any, *command: Any) -> None:
    await one.send_command(*command)
    await one.read_response()


async def _alive(one: Any) -> bool:
    with contextlib.suppress(RedisError, OSError):
        return not await one.can_read_destructive()
    return False


async def _write(session: Any) -> None:
    await session.set("Cart:draft", "d" * 200)
