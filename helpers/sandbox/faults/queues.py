"""Sessions that lock rows and sessions that wait for them, on a table of any name."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.clients import superuser

__all__ = ["ORDERS", "STOCK", "Rows", "hold", "short_transactions", "wait_until"]

_PAUSE_S = 0.3
_PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Rows:
    """Two rows of one table, and the statement that changes the row of a given id."""

    update: str
    first: int
    second: int
    create: str = ""
    drop: str = ""


ORDERS = Rows("update orders set status = 'shipped' where id = $1", first=7, second=8)
STOCK = Rows(
    update='update "Warehouse"."Stock Level" set "onHand" = "onHand" - 1 where "itemId" = $1',
    first=7,
    second=8,
    create="""
        create schema "Warehouse";
        create table "Warehouse"."Stock Level" ("itemId" bigint primary key, "onHand" integer not null);
        insert into "Warehouse"."Stock Level" select n, 1000 from generate_series(1, 500) n;
        analyze "Warehouse"."Stock Level";""",
    drop='drop schema if exists "Warehouse" cascade',
)


async def hold(connection: asyncpg.Connection, rows: Rows) -> None:
    """Open a transaction that changes the first row, and leave it open."""
    await connection.execute("begin")
    await connection.execute(rows.update, rows.first)


def short_transactions(rows: Rows, *ids: int) -> Callable[[asyncpg.Connection], Awaitable[None]]:
    """Return work that changes the rows `ids` in one transaction, takes it back, and does so again: a client that means well."""

    async def work(connection: asyncpg.Connection) -> None:
        while True:
            transaction = connection.transaction()
            await transaction.start()
            for number in ids:
                await connection.execute(rows.update, number)
            await transaction.rollback()
            await asyncio.sleep(_PAUSE_S)

    return work


async def wait_until(place: Addresses, pids: list[int]) -> None:
    """Return when every one of `pids` waits for a lock. Raises TimeoutError when that does not come to pass."""
    waiting = "select count(*) from pg_stat_activity where pid = any($1::int[]) and wait_event_type = 'Lock'"
    async with asyncio.timeout(_PATIENCE_S), superuser(place) as connection:
        while await connection.fetchval(waiting, pids) < len(pids):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.02)
