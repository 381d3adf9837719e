"""A Redis of one's own, filled and asked as a test needs it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import redis.asyncio

from helpers.redis.connect import Redis, open_session
from helpers.redis.write import RedisWriter, open_writer
from helpers.sandbox import Sandbox


@pytest.fixture
async def own_redis(fresh_sandbox) -> AsyncIterator[Sandbox]:
    """A sandbox with nothing but an empty Redis."""
    async with fresh_sandbox(services=("redis",)) as sandbox:
        yield sandbox


@pytest.fixture
async def admin(own_redis: Sandbox) -> AsyncIterator[redis.asyncio.Redis]:
    """A client that may do everything."""
    async with redis.asyncio.Redis.from_url(own_redis.redis_url) as client:
        yield client


@pytest.fixture
async def session(own_redis: Sandbox) -> AsyncIterator[Redis]:
    """A session that can only look."""
    opened = await open_session(own_redis.redis_url, application_name="runbook:test")
    yield opened
    await opened.close()


@pytest.fixture
async def writer(own_redis: Sandbox) -> AsyncIterator[RedisWriter]:
    """A session of an applied fix."""
    opened = await open_writer(own_redis.redis_url, application_name="runbook:test")
    yield opened
    await opened.close()
