"""Looks like a missing index: a nightly batch that reads whole tables, and is right to.

It sums up every order, again and again, and takes most of the database's time; the shop's own requests beside it are quick. Nothing is
broken: no index helps a statement that needs every row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.clients import repeat, superuser, table_owner

__all__ = ["NightlyBatch"]

_PAUSE_S = 0.3
_SUMS = """
    select customer_id, currency, date_trunc('month', created_at) as month, count(*), sum(total_cents), avg(total_cents)
    from orders where total_cents > 0 group by customer_id, currency, month order by sum(total_cents) desc
"""
_SNAPSHOT = """
    insert into batch_totals (month, orders, cents)
        select date_trunc('month', o.created_at), count(*), sum(i.quantity * i.price_cents) from orders o join order_items i on i.order_id = o.id group by 1
        on conflict (month) do update set orders = excluded.orders, cents = excluded.cents
"""
_TOTALS = "create table batch_totals (month timestamptz primary key, orders bigint not null, cents bigint not null)"
_DROP = "drop table if exists batch_totals"
_LOOKUP = "select id, status, total_cents from orders where id = $1"


@dataclass
class NightlyBatch(Fault):
    """A batch that sums up all orders, or keeps a table of totals (`totals`), beside a client that looks up single ones."""

    variants: ClassVar[tuple[str, ...]] = ("default", "totals")
    lookalike: ClassVar[bool] = True

    async def inject(self, place: Addresses) -> None:
        """Start the batch, and the traffic that goes on beside it."""
        self.subject = "orders"
        if self.variant == "totals":
            async with table_owner(place) as connection:
                await connection.execute(_DROP)
                await connection.execute(_TOTALS)
        await self.clients.run(place, "nightly-batch", repeat(_SNAPSHOT if self.variant == "totals" else _SUMS, pause_s=_PAUSE_S))
        for _ in range(2):
            await self.clients.run(place, "shop", repeat(_LOOKUP, 4242, pause_s=_PAUSE_S / 6))

    async def heal(self, place: Addresses) -> None:
        """Stop both, and take the totals away."""
        await self.clients.end(place)
        async with superuser(place) as connection:
            await connection.execute(_DROP)
