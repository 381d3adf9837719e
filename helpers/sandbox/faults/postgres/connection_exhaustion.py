"""An application takes up the connections, until the server refuses everyone.

`invoice-sync` takes a new session for every job and forgets the old one; another one opens more at a time than there are. What is
connected goes on as if nothing had happened; whoever comes new is told that there are too many clients.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import ClassVar

import asyncpg

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.clients import superuser
from helpers.sandbox.faults.storm import let_owner_administer, short_lived, stop_owner_administering
from helpers.sandbox.schema import APPLICATION

__all__ = ["ConnectionExhaustion"]

_LONGEST_IDLE_S = 2.0  # what users of this demo expect: it does not run for hours
_ROLE_LIMIT = 40
_AT_ONCE = 6
_NEXT_JOB_S = 6.0
_INSTANCES = 115
_LOOKUP = "select status from orders where id = $1"
_NAMES = {"default": "invoice-sync", "in_transaction": "Loyalty Points", "role_limit": "push-worker", "fan_out": "edge functions"}


@dataclass
class ConnectionExhaustion(Fault):
    """Sessions left idle; `in_transaction`, left in an open transaction; `role_limit`, up to the role's limit; `fan_out`, short-lived ones."""

    variants: ClassVar[tuple[str, ...]] = tuple(_NAMES)

    old_limit: int | None = field(default=None, repr=False)

    async def inject(self, place: Addresses) -> None:
        """Take connections until the server refuses, beside two clients that work; then go on taking."""
        name = _NAMES[self.variant]
        async with superuser(place) as connection:
            self.old_limit = await connection.fetchval("select rolconnlimit from pg_roles where rolname = $1", APPLICATION)
            if self.variant == "role_limit":
                await connection.execute(f"alter role {APPLICATION} connection limit {_ROLE_LIMIT}")
        for worker in ("checkout", "stock-sync"):
            await self.clients.run(place, worker, _work)
        if self.variant == "fan_out":
            self.subject = f"{name} (fan-out)"
            await let_owner_administer(place)
            for number in range(_INSTANCES):
                self.clients.start(short_lived(place, name, _LOOKUP, number + 1))
            await _refused(place)
            return
        self.subject, self.parameters = f"{name} (leak)", {"longest_idle_s": _LONGEST_IDLE_S}
        while all(await asyncio.gather(*(self._take(place) for _ in range(_AT_ONCE)))):
            continue
        self.clients.start(self._go_on(place))

    async def _take(self, place: Addresses) -> bool:
        """Take one more session and leave it; False when the server refuses."""
        try:
            client = await self.clients.connect(place, _NAMES[self.variant])
        except asyncpg.TooManyConnectionsError:
            return False
        if self.variant == "in_transaction":
            await client.execute("begin")
        await client.fetch(_LOOKUP, 7)
        return True

    async def _go_on(self, place: Addresses) -> None:
        while True:
            await asyncio.sleep(_NEXT_JOB_S)
            with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
                await self._take(place)

    async def heal(self, place: Addresses) -> None:
        """End the sessions, and give the roles back what they had."""
        await self.clients.end(place)
        if self.variant == "fan_out":
            await stop_owner_administering(place)
        if self.old_limit is not None:
            async with superuser(place) as connection:
                await connection.execute(f"alter role {APPLICATION} connection limit {self.old_limit}")


async def _work(client: asyncpg.Connection) -> None:
    """Ask a little, several times a second, as a client does that means well."""
    number = 0
    while True:
        number = number % 1000 + 1
        await client.fetch(_LOOKUP, number)
        await asyncio.sleep(0.2)


async def _refused(place: Addresses) -> None:
    """Return when the server has no connection left for the application."""
    async with asyncio.timeout(30):
        while True:
            try:
                client = await asyncpg.connect(place.application, timeout=10)
            except asyncpg.TooManyConnectionsError:
                return
            await client.close(timeout=10)
            await asyncio.sleep(0.1)
