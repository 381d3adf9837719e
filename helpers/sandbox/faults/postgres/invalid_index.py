"""An index on the right column exists, but is INVALID: a failed CREATE INDEX CONCURRENTLY left it.

Looks like a missing index, and naming the column is not enough: the leftover has to go first, and it slows every write.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import asyncpg

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.clients import table_owner
from helpers.sandbox.faults.postgres.missing_index import QUERY
from helpers.sandbox.schema import restore_indexes

__all__ = ["InvalidIndex"]


@dataclass
class InvalidIndex(Fault):
    """The good index is gone; a unique one over duplicates failed half-way."""

    async def inject(self, place: Addresses) -> None:
        """Drop the index, and fail to build a unique one on the same column."""
        self.subject = "orders(customer_id)"
        self.parameters = {"endpoint": "GET /orders?customer_id=42", "query": QUERY}
        async with table_owner(place) as connection:
            await connection.execute("drop index if exists orders_customer_id_idx")
            with contextlib.suppress(asyncpg.UniqueViolationError):
                await connection.execute("create unique index concurrently orders_customer_id_key on orders (customer_id)")

    async def heal(self, place: Addresses) -> None:
        """Put the demo's indexes back."""
        async with table_owner(place) as connection:
            await restore_indexes(connection)
