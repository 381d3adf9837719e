"""Dead rows stay: a forgotten snapshot holds them back, or autovacuum is kept away from the table.

A session left a transaction open, or a prepared one was never finished; or the table's own storage parameters switch autovacuum off.
Every update leaves a dead row behind, and reads of the table wade through them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import asyncpg

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.clients import superuser, table_owner
from helpers.sandbox.faults.dead_rows import HEAPS, Heap

__all__ = ["VacuumBlocked"]


@dataclass
class VacuumBlocked(Fault):
    """A table with many dead rows that do not go."""

    variants: ClassVar[tuple[str, ...]] = tuple(HEAPS)

    async def inject(self, place: Addresses) -> None:
        """Make the table, hold a snapshot, update every row several times, and VACUUM in vain."""
        heap = HEAPS[self.variant]
        async with table_owner(place) as connection:
            await _drop(connection, heap)
            await connection.execute(heap.create)
        self.subject = heap.table
        if heap.gid:
            await self._prepare(place, heap)
        elif heap.hold:
            session = await self.clients.connect(place, heap.application_name)
            await session.execute(heap.hold)
            self.subject = f"pid {session.get_server_pid()} ({heap.application_name})"
        async with table_owner(place) as connection:  # a session's end makes the server count its rows
            for _ in range(heap.times):
                await connection.execute(heap.update)
        if heap.hold:
            async with table_owner(place) as connection:
                await connection.execute(f"vacuum {heap.table}")

    async def _prepare(self, place: Addresses, heap: Heap) -> None:
        async with table_owner(place) as connection:
            await connection.execute(heap.hold)
            await connection.execute(await connection.fetchval("select format('prepare transaction %L', $1::text)", heap.gid))
        self.subject = f"prepared transaction '{heap.gid}'"

    async def heal(self, place: Addresses) -> None:
        """End what holds the snapshot, and take the table away."""
        await self.clients.end(place)
        async with superuser(place) as connection:
            await _drop(connection, HEAPS[self.variant])


async def _drop(connection: asyncpg.Connection, heap: Heap) -> None:
    ending = "select format('rollback prepared %L', gid) from pg_prepared_xacts where gid = $1 and database = current_database()"
    left = await connection.fetchval(ending, heap.gid)
    if left:
        await connection.execute(left)
    await connection.execute(heap.drop)
