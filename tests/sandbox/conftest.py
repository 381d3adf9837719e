"""A session on the shared sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest


@pytest.fixture
async def admin(sandbox_server) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's session on the shared sandbox."""
    connection = await asyncpg.connect(sandbox_server.admin_dsn)
    yield connection
    await connection.close()
