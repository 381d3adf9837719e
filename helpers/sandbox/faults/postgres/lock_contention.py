"""One session keeps a row locked, and a queue of others waits behind it.

`billing-worker` changed a row and neither committed nor rolled back. Others wait for that row; one of them holds a lock that yet
another waits for, so the queue is a tree whose root alone is to blame.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import ClassVar

import asyncpg

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.clients import superuser, table_owner
from helpers.sandbox.faults.queues import ORDERS, STOCK, Rows, hold, short_transactions, wait_until

__all__ = ["LockContention"]

_ROOT = "billing-worker"


@dataclass
class LockContention(Fault):
    """A session idle in its transaction (or busy with something long: `active_root`) at the head of a queue."""

    variants: ClassVar[tuple[str, ...]] = ("default", "other_schema", "active_root")

    @property
    def _rows(self) -> Rows:
        return STOCK if self.variant == "other_schema" else ORDERS

    async def inject(self, place: Addresses) -> None:
        """Lock a row, and let five clients wait: for it, behind each other, and for one that waits for it."""
        rows = self._rows
        if rows.create:
            async with table_owner(place) as connection:
                await connection.execute(rows.drop)
                await connection.execute(rows.create)
        root = await self.clients.connect(place, _ROOT)
        await hold(root, rows)
        self.subject = f"pid {root.get_server_pid()} ({_ROOT})"
        if self.variant == "active_root":
            self.clients.start(_long_statement(root))
        # The first takes the second row, then waits for the first one; the last waits for the second row, so for the first client.
        waits = [(rows.second, rows.first), (rows.first,), (rows.first,), (rows.first,), (rows.second,)]
        names = ["checkout", "shipping-worker", "shipping-worker", "support-desk", "stock-sync"]
        for name, ids in zip(names, waits, strict=True):
            pid = await self.clients.run(place, name, short_transactions(rows, *ids))
            await wait_until(place, [pid])

    async def heal(self, place: Addresses) -> None:
        """End the sessions; their work is rolled back."""
        await self.clients.end(place)
        if self._rows.drop:
            async with superuser(place) as connection:
                await connection.execute(self._rows.drop)


async def _long_statement(connection: asyncpg.Connection) -> None:
    with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        await connection.execute("select pg_sleep(3600)")
