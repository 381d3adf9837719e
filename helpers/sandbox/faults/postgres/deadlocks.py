"""Two applications lock the same rows in opposite order, and deadlock again and again.

`checkout` changes one row and then another, `fulfilment` the other way round. The server ends one of them after a second; it tries again
and gets through, so that users see waits and now and then an error.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.clients import superuser, table_owner
from helpers.sandbox.faults.opposites import OPPOSITES, Opposites, in_turns

__all__ = ["Deadlocks"]

_COUNTED = "select deadlocks from pg_stat_database where datname = current_database()"


@dataclass
class Deadlocks(Fault):
    """Two rows of one table; rows of two tables (`two_tables`, two pairs at once); the same new keys (`same_keys`)."""

    variants: ClassVar[tuple[str, ...]] = tuple(OPPOSITES)
    resolvable: ClassVar[bool] = False

    @property
    def _opposites(self) -> Opposites:
        return OPPOSITES[self.variant]

    async def inject(self, place: Addresses) -> None:
        """Let the clients go; returns when the server has broken the first deadlock."""
        it = self._opposites
        if it.create:
            async with table_owner(place) as connection:
                await connection.execute(it.drop)
                await connection.execute(it.create)
        self.subject = ", ".join(sorted(it.relations))
        async with superuser(place) as connection:
            before = await connection.fetchval(_COUNTED)
            for number in range(it.pairs):
                for name, steps in zip(it.names, ((it.one, it.other), (it.other, it.one)), strict=True):
                    await self.clients.run(place, name, in_turns(steps, offset=10 * number, keeps=it.keeps))
            async with asyncio.timeout(20):
                while await connection.fetchval(_COUNTED) == before:  # noqa: ASYNC110 - no event tells
                    await asyncio.sleep(0.05)

    async def heal(self, place: Addresses) -> None:
        """End the clients; their work is rolled back."""
        await self.clients.end(place)
        if self._opposites.drop:
            async with superuser(place) as connection:
                await connection.execute(self._opposites.drop)
