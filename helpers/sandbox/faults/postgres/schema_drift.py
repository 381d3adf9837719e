"""The live database is behind the schema that the code was written for.

A second database on the same server is what the migrations lead to; the live one has not seen the last of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.clients import superuser, table_owner
from helpers.sandbox.schema import OWNER

__all__ = ["SchemaDrift"]

_HEAD = "shop_head"
_SCHEMA = Path(__file__).parents[2] / "schema.sql"
_AHEAD = {
    "default": ("orders.discount_cents", "alter table orders add column discount_cents integer not null default 0"),
    "changed_type": ("orders.total_cents", "alter table orders alter column total_cents type bigint"),
    "missing_table": (
        '"Billing Ops"."Invoice"',
        """create schema "Billing Ops";
           create table "Billing Ops"."Invoice" ("invoiceNo" bigint primary key, "orderId" bigint not null references orders (id), "dueAt" date);
           create index "Invoice_orderId_idx" on "Billing Ops"."Invoice" ("orderId");""",
    ),
}


@dataclass
class SchemaDrift(Fault):
    """A column, a type or a table that the migrations brought to one database only."""

    variants: ClassVar[tuple[str, ...]] = tuple(_AHEAD)
    resolvable: ClassVar[bool] = False

    async def inject(self, place: Addresses) -> None:
        """Make the second database by the same schema, and take it one migration further."""
        self.subject, migration = _AHEAD[self.variant]
        self.parameters = {"compare_database": _HEAD}
        async with superuser(place) as connection:
            await connection.execute(f"drop database if exists {_HEAD} with (force)")
            await connection.execute(f"create database {_HEAD} owner {OWNER}")
        head = await asyncpg.connect(urlunsplit(urlsplit(place.admin)._replace(path=f"/{_HEAD}")), timeout=10, command_timeout=60)
        try:
            await head.execute(f"set role {OWNER}")
            await head.execute(_SCHEMA.read_text().replace("$CUSTOMERS", "100").replace("$ROWS", "1000"))
            await head.execute(migration)
        finally:
            await head.close(timeout=10)

    async def heal(self, place: Addresses) -> None:
        """Drop the second database; whatever a person ran of the migration goes, too."""
        undo = {
            "default": "alter table orders drop column if exists discount_cents",
            "changed_type": "alter table orders alter column total_cents type integer",
            "missing_table": 'drop schema if exists "Billing Ops" cascade',
        }[self.variant]
        async with table_owner(place) as connection:
            await connection.execute(undo)
        async with superuser(place) as connection:
            await connection.execute(f"drop database if exists {_HEAD} with (force)")
