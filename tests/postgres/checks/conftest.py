"""Servers for checks: a small one with settings nobody should run, and sessions of an application on it."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from helpers.postgres.connect import Postgres
from helpers.sandbox import Sandbox
from tests.postgres.conftest import Database, at

SMALL_SETTINGS = {
    "shared_buffers": "1MB",
    "max_wal_size": "32MB",
    "min_wal_size": "32MB",
    "wal_level": "logical",
    "max_prepared_transactions": "5",
    "archive_mode": "on",
    "autovacuum_naptime": "1d",
    "max_connections": "25",
}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def small_server() -> AsyncIterator[Sandbox]:
    """PostgreSQL with little memory and WAL, whose archive command fails and whose autovacuum sleeps; its database shop is healthy."""
    async with Sandbox.start(services=("postgres",), load_rps=0, rows=2000, postgres_settings=SMALL_SETTINGS) as sandbox:
        yield sandbox


@pytest.fixture
async def small(small_server: Sandbox) -> AsyncIterator[Database]:
    """An empty database on the small server, dropped afterwards."""
    name = f"own_{secrets.token_hex(3)}"
    admin = await asyncpg.connect(small_server.admin_dsn)
    await admin.execute(f"CREATE DATABASE {name}")
    yield Database(at(small_server.admin_dsn, database=name))
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture
async def small_pg(small: Database) -> AsyncIterator[Postgres]:
    """A read-only session to it."""
    session = await Postgres.connect(small.dsn, application_name="runbook:test")
    yield session
    await session.close()


@pytest.fixture
async def blind_pg(small: Database) -> AsyncIterator[Postgres]:
    """A session of a role with no right but to connect."""
    role = f"blind_{secrets.token_hex(3)}"
    await small.run(f"create role {role} login password 'secret-blind'")
    session = await Postgres.connect(small.as_role(role, "secret-blind"), application_name="runbook:test")
    yield session
    await session.close()
    await small.run(f"drop role {role}")


@pytest.fixture
async def client(small: Database) -> AsyncIterator[Callable[..., Any]]:
    """A factory of an application's sessions on that database, closed at the end."""
    async with contextlib.AsyncExitStack() as stack:

        async def opened(application_name: str = "billing", dsn: str = "") -> asyncpg.Connection:
            connection = await asyncpg.connect(dsn or small.dsn, server_settings={"application_name": application_name})
            stack.push_async_callback(connection.close)
            return connection

        yield opened


async def until(ask: Callable[[], Any], holds: Callable[[Any], bool]) -> Any:
    """Ask until the answer holds: sessions and counters take a moment to be where they are going."""
    async with asyncio.timeout(30):
        while not holds(found := await ask()):
            await asyncio.sleep(0.05)
    return found
