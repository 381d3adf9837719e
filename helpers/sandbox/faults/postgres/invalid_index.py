"""An index is INVALID: a failed concurrent build left it, and no query may use it.

Looks like a missing index, and naming the column is not enough: what was left has to be rebuilt or to go first.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import ClassVar

import asyncpg

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.clients import repeat, superuser, table_owner
from helpers.sandbox.faults.postgres.missing_index import QUERY
from helpers.sandbox.schema import restore_indexes

__all__ = ["InvalidIndex"]

_PAUSE_S = 0.4
_DROP = {"mixed_case": 'drop schema if exists "Sales Ops" cascade', "rebuild": "drop schema if exists freight cascade"}
_INVOICES = """
    create schema "Sales Ops";
    create table "Sales Ops"."Invoice" ("invoiceId" bigint not null, "invoiceNo" text not null, memo text not null);
    insert into "Sales Ops"."Invoice" select n, 'R-' || n, repeat('x', 90) from generate_series(1, 150000) n;
    insert into "Sales Ops"."Invoice" select 200000 + n, 'R-' || n, 'imported twice' from generate_series(1, 300) n;
"""
_INVOICE = """select "invoiceId", memo from "Sales Ops"."Invoice" where "invoiceNo" = 'R-4242'"""
_SHIPMENTS = """
    create schema freight;
    create table freight.shipments (id bigint primary key, carrier_ref text not null);
    insert into freight.shipments select n, 'ref-' || n from generate_series(1, 40000) n;
    create index shipments_carrier_ref_idx on freight.shipments (carrier_ref);
"""


@dataclass
class InvalidIndex(Fault):
    """A unique index over duplicates; one whose duplicates are gone by now (`mixed_case`); the leftover of a rebuild (`rebuild`)."""

    variants: ClassVar[tuple[str, ...]] = ("default", "mixed_case", "rebuild")

    async def inject(self, place: Addresses) -> None:
        """Let a concurrent build fail half-way."""
        async with table_owner(place) as connection:
            if self.variant == "default":
                await self._duplicates(connection)
                return
            await connection.execute(_DROP[self.variant])
            if self.variant == "rebuild":
                await self._rebuild(connection, place)
                return
            await self._duplicates_gone(connection)
        await self.clients.run(place, "invoice-api", repeat(_INVOICE, pause_s=_PAUSE_S))

    async def _duplicates(self, connection: asyncpg.Connection) -> None:
        self.subject = "orders_customer_id_key"
        self.parameters = {"endpoint": "GET /orders?customer_id=42", "query": QUERY}
        await connection.execute("drop index if exists orders_customer_id_idx")
        with contextlib.suppress(asyncpg.UniqueViolationError):
            await connection.execute("create unique index concurrently orders_customer_id_key on orders (customer_id)")

    async def _duplicates_gone(self, connection: asyncpg.Connection) -> None:
        self.subject, self.parameters = '"Sales Ops"."Invoice_invoiceNo_key"', {"query": _INVOICE}
        await connection.execute(_INVOICES)
        with contextlib.suppress(asyncpg.UniqueViolationError):
            await connection.execute('create unique index concurrently "Invoice_invoiceNo_key" on "Sales Ops"."Invoice" ("invoiceNo")')
        await connection.execute("""delete from "Sales Ops"."Invoice" where memo = 'imported twice'""")
        await connection.execute('analyze "Sales Ops"."Invoice"')

    async def _rebuild(self, connection: asyncpg.Connection, place: Addresses) -> None:
        """Let REINDEX CONCURRENTLY give up waiting for somebody's transaction."""
        self.subject = "freight.shipments_carrier_ref_idx_ccnew"
        await connection.execute(_SHIPMENTS)
        async with table_owner(place) as other, other.transaction():
            await other.execute("update freight.shipments set carrier_ref = carrier_ref where id = 1")
            await connection.execute("set lock_timeout = '200ms'")
            with contextlib.suppress(asyncpg.LockNotAvailableError):
                await connection.execute("reindex index concurrently freight.shipments_carrier_ref_idx")

    async def heal(self, place: Addresses) -> None:
        """Put the demo's indexes back, or take the table away."""
        await self.clients.end(place)
        if self.variant == "default":
            async with table_owner(place) as connection:
                await restore_indexes(connection)
            return
        async with superuser(place) as connection:
            await connection.execute(_DROP[self.variant])
