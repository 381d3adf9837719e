"""Prepared statements get lost in a connection pooler that lends another connection for every transaction.

A real PgBouncer in transaction mode stands before PostgreSQL, and an application reaches the database through it with its driver's
statement cache on: now and then the statement it prepared is on another server connection, and its transaction fails.
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
from helpers.sandbox.faults.clients import superuser
from helpers.sandbox.services.pgbouncer import PgBouncerService, Pool

__all__ = ["PoolerPreparedStatements"]

_PAUSE_S = 0.03
_ENOUGH = 5  # so many failures are no accident of the start
_PATIENCE_S = 20.0
_QUERY = "select id, status, total_cents from orders where id = $1"
_LOST = (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError)


@dataclass(frozen=True, slots=True)
class _Setup:
    """The pooler, the application behind it, and whether it prepares under a name of its own instead of its driver's."""

    pool: Pool
    application_name: str
    clients: int
    subject: str
    statement: str = ""
    told: bool = False  # whether the application's error message is at hand


_SETUPS = {
    "default": _Setup(Pool(size=2), "orders-api", 5, "PgBouncer (transaction pooling) + asyncpg"),
    "pool_per_role": _Setup(
        Pool(size=4, one_role=False, console=False), "Billing Worker", 8, "PgBouncer (transaction pooling) + asyncpg", told=True
    ),
    "named_by_hand": _Setup(Pool(size=3), "ledger-api", 6, "prepared statements of ledger-api", statement="order by id"),
}


@dataclass
class PoolerPreparedStatements(Fault):
    """Clients of a transaction pool with the driver's statement cache on: one role for all, or a pool for each role."""

    variants: ClassVar[tuple[str, ...]] = tuple(_SETUPS)
    resolvable: ClassVar[bool] = False

    pooler: PgBouncerService | None = field(default=None, repr=False)
    failures: list[str] = field(default_factory=list, repr=False)

    async def inject(self, place: Addresses) -> None:
        """Start the pooler and the application; return when its transactions fail. Raises UsageError without pgbouncer."""
        setup = _SETUPS[self.variant]
        self.pooler = PgBouncerService(place, setup.pool)
        await self.pooler.start()
        pooled = replace(place, application=self.pooler.through(place.application))
        for _ in range(setup.clients):
            await self.clients.run(pooled, setup.application_name, self._orders(setup.statement))
        async with asyncio.timeout(_PATIENCE_S):
            while len(self.failures) < _ENOUGH:  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.02)
        self.subject = setup.subject
        self.parameters = {"pooler": self.pooler.address(), **({"error": self.failures[-1]} if setup.told else {})}

    def _orders(self, statement: str) -> Callable[[asyncpg.Connection], Awaitable[None]]:
        """Return work that reads orders, one short transaction each; what fails is logged, and it goes on."""

        async def work(connection: asyncpg.Connection) -> None:
            prepared: list[asyncpg.prepared_stmt.PreparedStatement] = []
            while True:
                try:
                    async with connection.transaction():
                        if not statement:
                            await connection.fetchrow(_QUERY, 7)
                        else:
                            prepared = prepared or [await connection.prepare(_QUERY, name=statement)]
                            await prepared[0].fetchrow(7)
                except _LOST as error:
                    self.failures = [*self.failures, str(error).splitlines()[0]][-_ENOUGH:]
                await asyncio.sleep(_PAUSE_S)

        return work

    async def heal(self, place: Addresses) -> None:
        """End the application and the pooler, and wait until the server has forgotten them."""
        await self.abandon()
        name = _SETUPS[self.variant].application_name
        async with asyncio.timeout(_PATIENCE_S), superuser(place) as connection:
            while await connection.fetchval("select count(*) from pg_stat_activity where application_name = $1", name):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def abandon(self) -> None:
        """End the application, then the pooler."""
        await self.clients.close()
        if self.pooler is not None:
            with contextlib.suppress(ProcessLookupError):
                await self.pooler.stop()
