"""A statement scans a whole table, because no index serves it.

The default variant drops the demo's own index; the others bring a table of their own, of the kinds real schemas are made of,
and traffic on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.clients import repeat, superuser, table_owner
from helpers.sandbox.faults.scans import SCANS
from helpers.sandbox.schema import restore_indexes

__all__ = ["QUERY", "MissingIndex"]

QUERY = (
    "select id, customer_id, status, total_cents, currency, created_at, paid_at from orders"
    " where note not ilike '%[test]%' and customer_id = 42 order by created_at desc limit 50"
)
_PAUSE_S = 0.4


@dataclass
class MissingIndex(Fault):
    """The index of a statement that users wait for is not there."""

    variants: ClassVar[tuple[str, ...]] = ("default", *SCANS)

    async def inject(self, place: Addresses) -> None:
        """Drop the demo's index, or make a table that lacks one and traffic on it."""
        if self.variant == "default":
            self.subject = "orders(customer_id)"
            self.parameters = {"endpoint": "GET /orders?customer_id=42", "query": QUERY}
            async with table_owner(place) as connection:
                await connection.execute("drop index if exists orders_customer_id_idx")
            return
        scan = SCANS[self.variant]
        self.subject, self.parameters = scan.subject, {"query": scan.query}
        async with table_owner(place) as connection:
            await connection.execute(scan.drop)
            await connection.execute(scan.create)
            await connection.execute(f"vacuum (analyze) {scan.table}")
        for _ in range(2):
            await self.clients.run(place, scan.application_name, repeat(scan.statement, *scan.arguments, pause_s=_PAUSE_S))

    async def heal(self, place: Addresses) -> None:
        """Put the demo's indexes back, or take the table away."""
        await self.clients.end(place)
        async with superuser(place) as connection:
            if self.variant == "default":
                await connection.execute("set role shop_owner")
                await restore_indexes(connection)
            else:
                await connection.execute(SCANS[self.variant].drop)
