"""Databases of one's own on the shared server, and who may open them."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from helpers.postgres.connect import Postgres


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
