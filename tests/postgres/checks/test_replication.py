"""Checks of replication, on a primary and its real standby; and every check on a standby."""

import asyncpg
import pytest
import pytest_asyncio

from helpers.postgres.checks.overview import overview
from helpers.postgres.checks.recovery_conflicts import recovery_conflicts
from helpers.postgres.checks.replication_lag import replication_lag
from helpers.postgres.checks.standby_delay import standby_delay
from helpers.postgres.connect import Postgres
from helpers.results import Status
from helpers.sandbox import Sandbox
from tests.postgres.checks.conftest import until
from tests.postgres.checks.standby import Standby
from tests.postgres.checks.test_overview import HONEST
from tests.postgres.conftest import Database


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pair():
    """A primary and its standby, which cancels queries at once."""
    async with Sandbox.start(services=("postgres",), load_rps=0, rows=1000) as sandbox:
        standby = Standby(sandbox.folder / "second", sandbox.admin_dsn, {"max_standby_streaming_delay": "0", "hot_standby_feedback": "off"})
        await standby.prepare()
        await standby.start()
        yield Database(sandbox.admin_dsn), Database(standby.dsn())
        await standby.stop()


@pytest.fixture
async def both(pair):
    primary, standby = [await Postgres.connect(d.dsn, application_name="runbook:test") for d in pair]
    yield primary, standby
    await primary.close()
    await standby.close()


async def test_a_standby_that_keeps_up_is_fine(both):
    """Seen from both sides."""
    primary, standby = both
    lag = await until(lambda: replication_lag(primary), lambda f: f.status == Status.OK and f.rows[0].lag_bytes == 0)
    delay = await until(lambda: standby_delay(standby), lambda f: f.status == Status.OK)
    assert (lag.rows[0].application_name, lag.rows[0].state, delay.rows[0].receiving) == ("second", "streaming", True)


async def test_a_standby_that_does_not_replay_is_found_from_both_sides(pair, both):
    """Replay is paused, the primary writes on."""
    (one, two), (primary, standby) = pair, both
    await two.run("select pg_wal_replay_pause()")
    await one.run("drop table if exists t", "create table t as select generate_series(1, 1000) as a")
    delay = await until(lambda: standby_delay(standby), lambda f: (f.rows[0].waiting_bytes or 0) > 0)
    lag = await until(lambda: replication_lag(primary, max_lag_of_wal_pct=0), lambda f: f.status == Status.PROBLEM)
    await two.run("select pg_wal_replay_resume()")
    await until(lambda: standby_delay(standby), lambda f: f.status == Status.OK)
    assert (delay.status, "paused" in delay.summary, lag.rows[0].lag_bytes > 0) == (Status.PROBLEM, True, True)


async def test_a_query_that_replay_cancelled_is_counted(pair, both):
    """A snapshot on the standby, rows vacuumed on the primary."""
    (one, two), (_, standby) = pair, both
    before = await recovery_conflicts(standby)
    await one.run("drop table if exists gone", "create table gone as select generate_series(1, 1000) as a")
    reader = await asyncpg.connect(two.dsn)
    await until(lambda: reader.fetchval("select to_regclass('gone') is not null"), bool)
    await reader.execute("begin isolation level repeatable read")
    await reader.fetch("select count(*) from gone")
    await one.run("delete from gone", "vacuum gone")
    found = await until(lambda: recovery_conflicts(standby), lambda f: f.status == Status.PROBLEM)
    reader.terminate()
    assert (before.status, found.rows[0].database, found.rows[0].snapshot >= 1) == (Status.OK, "shop", True)


async def test_a_primary_and_a_lonely_one_are_left_out(both, own_pg, blind_pg):
    """SKIPPED, with the reason; a role that cannot see positions says so."""
    primary, _ = both
    found = [await recovery_conflicts(primary), await standby_delay(primary), await replication_lag(own_pg)]
    assert [(f.status, f.reason != "") for f in found] == [(Status.SKIPPED, True)] * 3


async def test_positions_hidden_from_a_role_are_unknown(pair):
    """State and positions need pg_monitor."""
    one, _ = pair
    await one.run("create role blind_one login password 'secret-blind'")
    pg = await Postgres.connect(one.as_role("blind_one", "secret-blind"))
    found = await replication_lag(pg)
    await pg.close()
    await one.run("drop role blind_one")
    assert (found.status, "GRANT pg_monitor" in found.remedy) == (Status.UNKNOWN, True)


async def test_every_check_answers_on_a_standby(both):
    """None breaks because nothing can be written there."""
    found = await overview(both[1])
    told = [(a.check, a.said) for a in found if a.status == Status.UNKNOWN and a.check not in HONEST]
    assert told == []
