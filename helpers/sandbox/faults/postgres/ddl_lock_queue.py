"""A migration waits for its lock, and everyone else queues behind it.

`reporting` keeps a transaction open on the table, which disturbs nobody. Then `deploy` alters the table: its request for ACCESS EXCLUSIVE
waits for that one transaction, and every later statement, even a SELECT, waits behind the request.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import ClassVar

import asyncpg

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.clients import superuser, table_owner
from helpers.sandbox.faults.migrations import MIGRATIONS, Migration
from helpers.sandbox.faults.queues import wait_until

__all__ = ["DdlLockQueue"]

_PAUSE_S = 0.3


@dataclass
class DdlLockQueue(Fault):
    """ALTER TABLE behind an open transaction; TRUNCATE behind a report that runs (`other_schema`); CREATE INDEX behind a writer."""

    variants: ClassVar[tuple[str, ...]] = tuple(MIGRATIONS)

    migrator: list[int] = field(default_factory=list, repr=False)

    @property
    def _migration(self) -> Migration:
        return MIGRATIONS[self.variant]

    async def inject(self, place: Addresses) -> None:
        """Open the transaction, start the DDL statement, and let clients queue behind it."""
        it = self._migration
        if it.create:
            async with table_owner(place) as connection:
                await connection.execute(it.drop)
                await connection.execute(it.create)
        holder = await self.clients.connect(place, it.holder)
        await holder.execute(it.before)
        if it.works:
            self.clients.start(_run(holder, it.works))
            await self._has_lock(place, holder.get_server_pid())
        pid = await self.clients.run(replace(place, application=place.postgres), it.migrator, _once(it.ddl))
        self.migrator = [pid]
        self.subject = f"pid {pid} on {it.relation}"
        await wait_until(place, [pid])
        names = ("shop-api", "shop-api", "back-office")
        waiters = [await self.clients.run(place, names[n % 3], _again(ask)) for n, ask in enumerate(it.asks)]
        await wait_until(place, waiters)

    async def _has_lock(self, place: Addresses, pid: int) -> None:
        holds = "select count(*) from pg_locks where pid = $1 and granted and relation = $2::text::regclass"
        async with asyncio.timeout(10), superuser(place) as connection:
            while not await connection.fetchval(holds, pid, self._migration.relation):  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.02)

    async def heal(self, place: Addresses) -> None:
        """End the DDL statement first, or it would get through once its way is free; then the clients; take back what it did all the same."""
        async with superuser(place) as connection:
            ending = "select pg_terminate_backend(pid) from pg_stat_activity where pid = any($1::int[]) and application_name = $2"
            while await connection.fetch(ending, self.migrator, self._migration.migrator):  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.02)
            self.migrator = []
            await self.clients.end(place)
            for statement in (self._migration.restore, self._migration.drop):
                if statement:
                    await connection.execute(statement)


def _once(statement: str) -> Callable[[asyncpg.Connection], Awaitable[None]]:
    async def work(connection: asyncpg.Connection) -> None:
        await _run(connection, statement)

    return work


async def _run(connection: asyncpg.Connection, statement: str) -> None:
    with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        await connection.execute(statement)


def _again(statement: str) -> Callable[[asyncpg.Connection], Awaitable[None]]:
    """Work that runs `statement` again and again and takes back what it wrote; it waits as long as it must."""

    async def work(connection: asyncpg.Connection) -> None:
        while True:
            transaction = connection.transaction()
            await transaction.start()
            await connection.fetch(statement)
            await transaction.rollback()
            await asyncio.sleep(_PAUSE_S)

    return work
