"""The planner believes statistics that are not true, and chooses a slow plan although a fast one is at hand.

A nightly load replaced the table's content and nobody ran ANALYZE: by the old statistics nearly every parcel is pending, so the
planner scans them all; in truth a handful is. The other variants mislead it by a bulk load, by columns that depend on each other, and
by a statistics target that is too low.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import ClassVar

import asyncpg

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.clients import repeat, superuser, table_owner
from helpers.sandbox.faults.misestimates import MISESTIMATES, Misestimate

__all__ = ["StaleStatistics"]

_PAUSE_S = 0.4


@dataclass
class StaleStatistics(Fault):
    """A table whose statistics mislead the planner."""

    variants: ClassVar[tuple[str, ...]] = tuple(MISESTIMATES)

    @property
    def _table(self) -> Misestimate:
        return MISESTIMATES[self.variant]

    async def inject(self, place: Addresses) -> None:
        """Make the table, and traffic on it."""
        table = self._table
        self.subject, self.parameters = table.subject, {"query": table.query}
        async with table_owner(place) as connection:
            for step in (table.drop, *table.steps):
                await connection.execute(step)
            if table.fresh:
                await _analyzed(connection, table.fresh)
        for _ in range(2):
            await self.clients.run(place, table.application_name, repeat(table.query, pause_s=_PAUSE_S))

    async def heal(self, place: Addresses) -> None:
        """Stop the traffic and take the table away."""
        await self.clients.end(place)
        async with superuser(place) as connection:
            await connection.execute(self._table.drop)


async def _analyzed(connection: asyncpg.Connection, table: str) -> None:
    """Gather its statistics once what was loaded is counted, which is up to a second later: then nothing counts as changed since."""
    while not await connection.fetchval("select n_tup_ins from pg_stat_all_tables where relid = $1::text::regclass", table):  # noqa: ASYNC110 - no event tells
        await asyncio.sleep(0.1)
    await connection.execute(f"analyze {table}")
