"""The database clients a fault needs: real sessions, in the keeper's process, under neutral names."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

import asyncpg

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.schema import OWNER

__all__ = ["Clients", "repeat", "superuser", "table_owner"]

_CALL_S = 60.0


@contextlib.asynccontextmanager
async def superuser(place: Addresses) -> AsyncIterator[asyncpg.Connection]:
    """A session that may do everything and leaves no trace in pg_stat_statements."""
    settings = {"pg_stat_statements.track": "none", "application_name": "sandbox"}
    connection = await asyncpg.connect(place.admin, timeout=10, command_timeout=_CALL_S, server_settings=settings)
    try:
        yield connection
    finally:
        await connection.close(timeout=10)


@contextlib.asynccontextmanager
async def table_owner(place: Addresses) -> AsyncIterator[asyncpg.Connection]:
    """The same session with the owner's rights: what it makes belongs to the role of the profile."""
    async with superuser(place) as connection:
        await connection.execute(f"set role {OWNER}")
        yield connection


class Clients:
    """Sessions of the application's role, each with a task of its own; `pids` are their backends."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []
        self._connections: list[asyncpg.Connection] = []

    async def connect(self, place: Addresses, application_name: str) -> asyncpg.Connection:
        """Return a new session that is closed with the others."""
        connection = await asyncpg.connect(place.application, timeout=10, server_settings={"application_name": application_name})
        self._connections.append(connection)
        return connection

    async def run(self, place: Addresses, application_name: str, work: Callable[[asyncpg.Connection], Awaitable[None]]) -> int:
        """Let a new session do `work` in the background; return its backend's pid. It ends quietly when its session is ended."""
        connection = await self.connect(place, application_name)

        async def session() -> None:
            with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                await work(connection)

        self.start(session())
        return int(connection.get_server_pid())

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Let `work` go on in the background until the clients are closed."""
        self._tasks.append(asyncio.create_task(work))

    @property
    def pids(self) -> list[int]:
        """The backends of the sessions that are open."""
        return [c.get_server_pid() for c in self._connections if not c.is_closed()]

    async def close(self) -> None:
        """End every session without waiting for what it waits for."""
        for task in self._tasks:
            task.cancel()
        for connection in self._connections:
            connection.terminate()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        self._connections.clear()

    async def end(self, place: Addresses) -> None:
        """End every session and wait until the server has forgotten it, so that its locks are gone."""
        pids = self.pids
        await self.close()
        async with superuser(place) as connection:
            while await connection.fetch("select pg_terminate_backend(pid) from pg_stat_activity where pid = any($1::int[])", pids):  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.02)


def repeat(statement: str, *arguments: Any, pause_s: float) -> Callable[[asyncpg.Connection], Awaitable[None]]:
    """Return work that runs `statement` again and again, `pause_s` seconds apart."""

    async def work(connection: asyncpg.Connection) -> None:
        while True:
            await connection.fetch(statement, *arguments, timeout=_CALL_S)
            await asyncio.sleep(pause_s)

    return work
