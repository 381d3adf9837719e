"""What the routes are given: a database connection, the Redis client, and the rate limit."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import asyncpg
import structlog
from fastapi import Depends, FastAPI, HTTPException, Request
from redis.asyncio import Redis
from redis.exceptions import RedisError

from helpers.asgi import held_by_route
from helpers.sandbox.app.settings import Settings

__all__ = ["Cache", "Database", "SettingsOf", "lifespan", "rate_limit"]

log = structlog.stdlib.get_logger("shop")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the pool and the Redis client for the application's life."""
    settings: Settings = app.state.settings
    pool = asyncpg.create_pool(
        settings.database_url,
        min_size=2,
        max_size=settings.pool_size,
        timeout=5,
        command_timeout=settings.statement_timeout_s,
        server_settings={"application_name": settings.application_name},
        setup=held_by_route,
    )
    cache = Redis.from_url(
        settings.redis_url, decode_responses=True, client_name=settings.application_name, socket_timeout=2, socket_connect_timeout=2
    )
    async with pool, cache:
        app.state.pool, app.state.cache = pool, cache
        yield


async def _database(request: Request) -> AsyncIterator[asyncpg.Connection]:
    state = request.app.state
    async with state.pool.acquire(timeout=state.settings.pool_wait_s) as connection:
        yield connection


async def _cache(request: Request) -> Any:
    return request.app.state.cache


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


Database = Annotated[asyncpg.Connection, Depends(_database)]
Cache = Annotated[Redis, Depends(_cache)]
SettingsOf = Annotated[Settings, Depends(_settings)]


async def rate_limit(request: Request, cache: Cache, settings: SettingsOf) -> None:
    """Count the client's requests of this minute; 429 above the limit. Without Redis everybody passes."""
    client = request.headers.get("x-client-id") or (request.client.host if request.client else "unknown")
    key = f"rate:{client}:{int(time.time() // 60)}"
    try:
        count = await cache.incr(key)
        if count == 1:
            await cache.expire(key, 120)
    except RedisError as error:
        log.warning("rate limit unavailable", error_type=type(error).__name__)
        return
    if count > settings.requests_per_minute:
        raise HTTPException(429, "Too many requests", headers={"Retry-After": "60"})
