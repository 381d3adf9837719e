"""One connection to PostgreSQL that may write: for an applied fix and for an undo, for nothing else."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from helpers.postgres.connect import CONNECT_S, FAILURES, SLACK_S, Postgres, Record, connected, translate

__all__ = ["PostgresWriter", "open_writer"]


class PostgresWriter:
    """A writing session for one applied fix: autocommit, one statement at a time, a lock time-out, no statement time-out of its own."""

    system: ClassVar[str] = "postgres"

    def __init__(self, connection: Any, *, pooled: bool, dsn: str = "", application_name: str = "") -> None:
        self._connection = connection
        self._dsn = dsn
        self.application_name = application_name
        self.pooled = pooled

    @classmethod
    async def connect(cls, dsn: str, *, application_name: str) -> PostgresWriter:
        """Return an open writing session; only an applied fix or an undo opens one. Raises Unreachable."""
        connection = await connected(dsn, application_name)
        pooled = connection.get_server_pid() != await connection.fetchval("SELECT pg_backend_pid()")
        return cls(connection, pooled=pooled, dsn=dsn, application_name=application_name)

    async def reader(self) -> Postgres:
        """Return a read-only session beside this one, to watch what it does; who opens it closes it."""
        return await Postgres.connect(self._dsn, application_name=self.application_name)

    async def execute(self, sql: str, *args: Any, timeout_s: float = 30.0, lock_timeout_s: float = 2.0) -> list[Record]:
        """Run one statement and return its rows.

        `timeout_s` bounds it from the client, which then cancels it on the server; `lock_timeout_s` is the server's (not through a pooler,
        where a SET would leak to other clients).

        Raises:
            TimedOut, Refused, BadAnswer, Unreachable: as the server answered.

        """
        try:
            if not self.pooled:
                await self._connection.execute(f"SET lock_timeout = {int(lock_timeout_s * 1000)}; SET statement_timeout = 0")
            async with asyncio.timeout(timeout_s + CONNECT_S):
                return [dict(row) for row in await self._connection.fetch(sql, *args, timeout=timeout_s)]
        except FAILURES as error:
            raise translate(error) from None

    async def close(self) -> None:
        """Close the connection; never raises."""
        try:
            await self._connection.close(timeout=SLACK_S)
        except FAILURES:
            self._connection.terminate()


async def open_writer(address: str, *, application_name: str) -> PostgresWriter:
    """Return a writing session; see PostgresWriter.connect."""
    return await PostgresWriter.connect(address, application_name=application_name)
