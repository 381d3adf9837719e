"""A read-only session through a pooler that works as an application does: with prepared statements, or without."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from helpers.errors import SystemProblem, Unreachable
from helpers.postgres.connect import STATEMENT_S, Postgres, connected
from helpers.postgres.pooling.address import pooler_dsn

__all__ = ["OURS", "Leftover", "PooledSession"]

OURS = "runbook_"
WORK = "SELECT $1::int + 1"

# What is prepared on the server connection the pooler lends us now; names the pooler itself gives (PgBouncer 1.21+) are no leftovers.
LOOK = """
select pg_backend_pid() as pid, s.name, s.prepare_time, coalesce(s.generic_plans + s.custom_plans, 0)::bigint as plans
from (select 1) as one left join pg_prepared_statements s on s.name not like 'runbook\\_%' and s.name not like 'PGBOUNCER\\_%'
"""


@dataclass(frozen=True, slots=True)
class Leftover:
    """A prepared statement on a server connection; `name` is None where there is none. `plans` counts how often it ran."""

    pid: int
    name: str | None
    prepare_time: datetime | None
    plans: int


class PooledSession(Postgres):
    """One client of the pooler."""

    def __init__(self, dsn: str, connection: Any, application_name: str) -> None:
        super().__init__(dsn, connection, application_name)
        self._statements: dict[str, Any] = {}
        self.waited_ms = 0.0

    @classmethod
    async def through(cls, pg: Postgres, pooler: str) -> Self:
        """Return a new session through `pooler`, closed and counted with `pg`.

        Raises:
            Unreachable: the pooler does not let this role in.
            ParameterError: `pooler` is no address.

        """
        dsn = pooler_dsn(pg._dsn, pooler)
        try:
            session = cls(dsn, await connected(dsn, pg.application_name), pg.application_name)
            pg._siblings.append(session)
            await session._learn()
        except SystemProblem as problem:
            where = "The pooler" if pooler else "PostgreSQL"
            raise Unreachable("postgres", f"{where} does not let this role in: {problem.reason}", remedy=problem.remedy) from problem
        return session

    async def transaction(self, number: int, prepared: str = "") -> None:
        """Run one short transaction with a bound parameter; `waited_ms` is then how long it waited to begin.

        Args:
            number: What is bound.
            prepared: The name the statement is prepared under on first use and run by afterwards; empty: not prepared, as
                drivers do whose statement cache is switched off.

        Raises:
            BadAnswer: with the server's own code, such as 26000 or 42P05.
            TimedOut, Unreachable: as the server or the pooler answered.

        """
        began = time.perf_counter()
        async with self._reading(STATEMENT_S) as connection:
            self.waited_ms = (time.perf_counter() - began) * 1000
            if not prepared:
                await connection.fetchval(WORK, number)
                return
            if prepared not in self._statements:
                self._statements[prepared] = await connection.prepare(WORK, name=prepared)
            await self._statements[prepared].fetchval(number)

    async def look(self) -> list[Leftover]:
        """Return what other clients left prepared on the server connection lent for this question; one row at least, for its pid."""
        return [Leftover(**row) for row in await self.fetch(LOOK)]

    async def forget(self) -> int:
        """Deallocate our own statements on the server connection lent for this; return how many there were."""
        async with self._reading(STATEMENT_S) as connection:
            rows = await connection.fetch("SELECT format('DEALLOCATE %I', name) FROM pg_prepared_statements WHERE name LIKE 'runbook\\_%'")
            for row in rows:
                await connection.execute(row[0])
            return len(rows)
