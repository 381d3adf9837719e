"""A service can be killed, held still and started again, as a runbook meets it."""

from __future__ import annotations

import asyncpg
import httpx
import pytest
import redis.asyncio

from helpers.errors import UsageError


async def state_of(sandbox, service):
    return (await sandbox.status())["services"][service]["state"]


async def test_a_killed_postgres_refuses_and_comes_back_with_its_data(fresh_sandbox):
    """kill -9, connection refused, start: the same address, the same rows."""
    async with fresh_sandbox(services=("postgres",), rows=1000) as sandbox:
        await sandbox.kill("postgres")
        with pytest.raises(ConnectionRefusedError):
            await asyncpg.connect(sandbox.postgres_dsn, timeout=5)
        await sandbox.start_service("postgres")
        connection = await asyncpg.connect(sandbox.postgres_dsn, timeout=5)
        count = await connection.fetchval("select count(*) from orders")
        await connection.close()
        assert count == 1000


async def test_a_suspended_postgres_hangs_until_it_is_resumed(fresh_sandbox):
    """SIGSTOP: the connection is accepted and nothing is said."""
    async with fresh_sandbox(services=("postgres",), rows=1000) as sandbox:
        await sandbox.suspend("postgres")
        with pytest.raises(TimeoutError):
            await asyncpg.connect(sandbox.postgres_dsn, timeout=0.5)
        await sandbox.resume("postgres")
        connection = await asyncpg.connect(sandbox.postgres_dsn, timeout=5)
        assert await connection.fetchval("select 1") == 1
        await connection.close()


async def test_redis_wants_its_password(sandbox_server):
    """The address with its password is let in, the one without is not."""
    async with redis.asyncio.from_url(sandbox_server.redis_url) as client:
        assert await client.ping()
    async with redis.asyncio.Redis(port=client.connection_pool.connection_kwargs["port"]) as stranger:
        with pytest.raises(redis.exceptions.AuthenticationError):
            await stranger.ping()


async def test_a_fault_is_healed_even_when_its_server_was_killed(fresh_sandbox):
    """The server is started again for it."""
    async with fresh_sandbox(services=("postgres",), rows=1000) as sandbox:
        async with sandbox.fault("missing_index"):
            await sandbox.kill("postgres")
        connection = await asyncpg.connect(sandbox.postgres_dsn, timeout=5)
        found = await connection.fetchval("select to_regclass('orders_customer_id_idx')::text")
        await connection.close()
        assert (await state_of(sandbox, "postgres"), found) == ("running", "orders_customer_id_idx")


async def test_an_unknown_service_is_an_error_of_the_caller(sandbox_server):
    """The near miss is named."""
    with pytest.raises(UsageError, match="postgres"):
        await sandbox_server.kill("postgre")


async def test_the_application_answers_500_as_json_and_logs_it(fresh_sandbox):
    """A database that is gone is a server error with the request's id, and a traceback in the log."""
    async with fresh_sandbox(rows=1000) as sandbox:
        await sandbox.kill("postgres")
        async with httpx.AsyncClient(base_url=sandbox.api_url, trust_env=False, timeout=20) as client:
            answer = await client.get("/orders/1", headers={"X-Request-ID": "r-1"})
        log = (sandbox.folder / "logs" / "shop-api.ndjson").read_text()
        assert (answer.status_code, answer.json()["request_id"], "Traceback" in log) == (500, "r-1", True)
