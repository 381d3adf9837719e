"""Looks like lock contention: sessions wait for each other, but each for a moment only.

Short transactions on the same row, as a busy counter has them. Nothing is stuck; every wait ends by itself within 0.3 s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar

import asyncpg

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.queues import ORDERS

__all__ = ["BurstOfLocks"]

_HELD_S = 0.08  # three clients: the last waits for two others


@dataclass
class BurstOfLocks(Fault):
    """Three clients take turns on one row."""

    lookalike: ClassVar[bool] = True

    async def inject(self, place: Addresses) -> None:
        """Let three clients change the same row, 80 ms each."""
        for number in range(3):
            await self.clients.run(place, "counter-worker", _turns(pause_s=0.2 + 0.05 * number))

    async def heal(self, place: Addresses) -> None:
        """End the clients."""
        await self.clients.end(place)


def _turns(pause_s: float) -> Callable[[asyncpg.Connection], Awaitable[None]]:
    async def work(connection: asyncpg.Connection) -> None:
        while True:
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(ORDERS.update, ORDERS.first)
            await asyncio.sleep(_HELD_S)
            await transaction.rollback()
            await asyncio.sleep(pause_s)

    return work
