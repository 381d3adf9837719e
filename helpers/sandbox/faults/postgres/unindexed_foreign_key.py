"""Every row deleted from a parent reads its whole child table, because the foreign key has no index there.

A client makes parents and deletes them again. The parent's own index finds the row at once; the time goes into the look for rows that
refer to it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar

import asyncpg

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.clients import superuser, table_owner
from helpers.sandbox.faults.parents import PARENTS, Parent

__all__ = ["UnindexedForeignKey"]

_PAUSE_S = 0.4
_FIRST = 1_000_000  # ids of the parents that come and go


@dataclass
class UnindexedForeignKey(Fault):
    """A large child without the index, and deletes of its parents."""

    variants: ClassVar[tuple[str, ...]] = tuple(PARENTS)

    async def inject(self, place: Addresses) -> None:
        """Make both tables, and a client that deletes parents; users may expect half of what a lookup takes now."""
        parent = PARENTS[self.variant]
        async with table_owner(place) as connection:
            await connection.execute(parent.drop)
            await connection.execute(parent.create)
            took = [await _lookup_ms(connection, parent) for _ in range(5)]
            for number in range(_FIRST, _FIRST + 3):
                await connection.execute(parent.insert, number)
                await connection.execute(parent.delete, number)
        self.subject = parent.subject
        self.parameters = {"slo_p95_ms": max(round(statistics.median(took) / 2, 2), 0.1)}
        await self.clients.run(place, parent.application_name, _come_and_go(parent))

    async def heal(self, place: Addresses) -> None:
        """End the client and take the tables away."""
        await self.clients.end(place)
        async with superuser(place) as connection:
            await connection.execute(PARENTS[self.variant].drop)


async def _lookup_ms(connection: asyncpg.Connection, parent: Parent) -> float:
    plan = json.loads(await connection.fetchval(f"explain (analyze, timing off, format json) {parent.lookup}"))
    return float(plan[0]["Execution Time"])


def _come_and_go(parent: Parent) -> Callable[[asyncpg.Connection], Awaitable[None]]:
    async def work(connection: asyncpg.Connection) -> None:
        for number in itertools.count(_FIRST + 1000):
            await connection.execute(parent.insert, number)
            await connection.execute(parent.delete, number)
            await asyncio.sleep(_PAUSE_S)

    return work
