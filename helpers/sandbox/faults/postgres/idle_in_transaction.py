"""An application begins transactions and never ends them; nobody waits for them yet.

`newsletter` read and changed rows of its own, then waits for something outside of the database with the transaction open. Its sessions
hold locks and snapshots, and the next migration or VACUUM will meet them.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import ClassVar

import asyncpg

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.clients import superuser, table_owner
from helpers.sandbox.faults.queues import ORDERS, STOCK, Rows

__all__ = ["IdleInTransaction"]

_LONGEST_IDLE_S = 2.0  # what users of this demo expect: it does not run for hours
_MOST = 1000  # sessions that are left, in all


@dataclass
class IdleInTransaction(Fault):
    """Sessions idle in a transaction: three that wrote; `other_schema`, six of which some failed; `nameless`, two that only read.

    With `keeps_coming` there is one more every second.
    """

    variants: ClassVar[tuple[str, ...]] = ("default", "other_schema", "nameless", "keeps_coming")

    @property
    def _rows(self) -> Rows:
        return STOCK if self.variant == "other_schema" else ORDERS

    async def inject(self, place: Addresses) -> None:
        """Open the transactions, each on a row of its own, and leave them until they are idle for longer than is expected."""
        name, count = {
            "default": ("newsletter", 3),
            "other_schema": ("Till Import", 6),
            "nameless": ("", 2),
            "keeps_coming": ("sms gateway", 2),
        }[self.variant]
        self.subject = name or "no application_name"
        self.parameters = {"longest_idle_s": _LONGEST_IDLE_S}
        if self._rows.create:
            async with table_owner(place) as connection:
                await connection.execute(self._rows.drop)
                await connection.execute(self._rows.create)
        for number in range(count):
            await self._open(await self.clients.connect(place, name), number)
        if self.variant == "keeps_coming":
            self.clients.start(self._go_on(place, name, count))
        await asyncio.sleep(_LONGEST_IDLE_S)

    async def _go_on(self, place: Addresses, name: str, number: int) -> None:
        while number < _MOST:
            await asyncio.sleep(1.0)
            number += 1
            with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
                await self._open(await self.clients.connect(place, name), number)

    async def _open(self, client: asyncpg.Connection, number: int) -> None:
        await client.execute("begin")
        if self.variant == "nameless":
            await client.fetch("select status, count(*) from orders where id < 1000 group by status")
            return
        await client.execute(self._rows.update, 100 + number)
        if self.variant == "other_schema" and number % 2:
            with contextlib.suppress(asyncpg.DivisionByZeroError):
                await client.execute("select 1 / 0")

    async def heal(self, place: Addresses) -> None:
        """End the sessions; their work is rolled back."""
        await self.clients.end(place)
        if self._rows.drop:
            async with superuser(place) as connection:
                await connection.execute(self._rows.drop)
