"""Two transactions that change the same two rows in opposite order, on tables of any name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg

__all__ = ["OPPOSITES", "Opposites", "in_turns"]

_ROUND_S = 1.8  # both begin a round together: a deadlock (deadlock_timeout is 1 s), the retry, and a breath
_BETWEEN_S = 0.1
_ATTEMPTS = 3

Step = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Opposites:
    """Two steps (a statement with $1, and its value) that `clients` pairs run as `one, other` and as `other, one`.

    `keeps` False takes the work back at the end, so that the same rows can be made again.
    """

    relations: tuple[str, ...]
    one: Step
    other: Step
    names: tuple[str, str] = ("checkout", "fulfilment")
    pairs: int = 1
    keeps: bool = True
    create: str = ""
    drop: str = ""


OPPOSITES = {
    "default": Opposites(
        relations=("orders",),
        one=("update orders set status = status where id = $1", 21),
        other=("update orders set status = status where id = $1", 22),
    ),
    "two_tables": Opposites(
        relations=('"Ledger"."Account"', '"Ledger"."Journal Entry"'),
        one=('update "Ledger"."Account" set balance = balance + 1 where "accountNo" = $1', 5),
        other=('update "Ledger"."Journal Entry" set posted = true where "entryNo" = $1', 3),
        names=("Booking", "month-end close"),
        pairs=2,
        create="""
            create schema "Ledger";
            create table "Ledger"."Account" ("accountNo" bigint primary key, balance bigint not null default 0);
            create table "Ledger"."Journal Entry" ("entryNo" bigint primary key, posted boolean not null default false);
            insert into "Ledger"."Account" select n from generate_series(1, 200) n;
            insert into "Ledger"."Journal Entry" select n from generate_series(1, 200) n;
            analyze "Ledger"."Account", "Ledger"."Journal Entry";""",
        drop='drop schema if exists "Ledger" cascade',
    ),
    "same_keys": Opposites(
        relations=("feeds.seen_items",),
        one=("insert into feeds.seen_items values ($1)", 100),
        other=("insert into feeds.seen_items values ($1)", 200),
        names=("feed-reader", "feed-reader"),
        keeps=False,
        create="create schema feeds; create table feeds.seen_items (item bigint primary key)",
        drop="drop schema if exists feeds cascade",
    ),
}


def in_turns(steps: tuple[Step, Step], *, offset: int, keeps: bool) -> Callable[[asyncpg.Connection], Awaitable[None]]:
    """Return work that runs the two steps in one transaction, again and again, and tries again when it is the victim of a deadlock."""

    async def work(connection: asyncpg.Connection) -> None:
        while True:
            await asyncio.sleep(_ROUND_S - time.monotonic() % _ROUND_S)
            for _ in range(_ATTEMPTS):
                try:
                    await _transaction(connection, [(sql, value + offset) for sql, value in steps], keeps=keeps)
                    break
                except (asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError):
                    continue

    return work


async def _transaction(connection: asyncpg.Connection, steps: list[Step], *, keeps: bool) -> None:
    transaction = connection.transaction()
    await transaction.start()
    try:
        for sql, value in steps:
            await connection.execute(sql, value)
            await asyncio.sleep(_BETWEEN_S)
    except asyncpg.PostgresError:
        await transaction.rollback()
        raise
    await (transaction.commit() if keeps else transaction.rollback())
