"""stale_sessions: what idles is found, and its stop-gap gives a pool back what was lost."""

import asyncpg

from helpers.postgres.checks.stale_sessions import judge, stale_sessions
from helpers.postgres.connect import open_session
from helpers.results import Status


async def test_the_stop_gap_gives_the_pool_its_connections_back(sandbox_server):
    """Connections that were lost are free again once their sessions were ended; the server says whose they are."""
    settings = {"application_name": "leaky"}
    pg = await open_session(sandbox_server.postgres_dsn, application_name="runbook test")
    async with asyncpg.create_pool(sandbox_server.postgres_dsn, min_size=0, max_size=2, server_settings=settings) as pool:
        lost = [await pool.acquire() for _ in range(2)]
        await lost[0].execute("begin")
        found = await stale_sessions(pg, application_name="leaky", idle_s=0)
        other = await asyncpg.connect(sandbox_server.postgres_dsn)
        for row in found.rows:
            await other.execute(row.stop_gap)
        await other.close()
        async with pool.acquire(timeout=10) as connection:
            assert await connection.fetchval("select 1") == 1
    await pg.close()
    assert (found.status, [row.state for row in found.rows]) == (Status.PROBLEM, ["idle in transaction", "idle"])


def test_a_role_that_cannot_see_is_unknown():
    """No sessions seen is not none there."""
    assert judge([], "", 60, sees_everyone=False).status is Status.UNKNOWN


def test_nobody_idle_is_fine():
    """With the number looked at."""
    found = judge([], "", 60, sees_everyone=True)
    assert (found.status, found.summary) == (Status.OK, "0 of 0 sessions did nothing for 60 s or more, 0 of them in a transaction.")
