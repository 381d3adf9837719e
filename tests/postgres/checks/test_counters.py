"""Checks of what the server counts: the condition is made, and counted, for real."""

import asyncio
import os

import asyncpg
import pytest

from helpers.postgres.checks.cache_hit_ratio import cache_hit_ratio
from helpers.postgres.checks.checkpoints import checkpoints
from helpers.postgres.checks.checksum_failures import checksum_failures
from helpers.postgres.checks.deadlock_rate import deadlock_rate
from helpers.postgres.checks.lost_sessions import lost_sessions
from helpers.postgres.checks.rollback_ratio import rollback_ratio
from helpers.postgres.checks.statements_spilling import statements_spilling
from helpers.postgres.checks.temp_files import temp_files
from helpers.postgres.connect import Postgres
from helpers.results import Status
from tests.postgres.checks.conftest import until

BIG = ("create table big as select i as id, repeat('x', 200) as word from generate_series(1, 40000) i", "vacuum analyze big")
SORT = "set work_mem = '64kB'; select count(*) from (select md5(i::text) as m from generate_series(1, 60000) i order by m) s"


def of(result, dsn):
    """The rows about the database of `dsn`."""
    return [r for r in result if r.database == dsn.rpartition("/")[2]]


async def test_a_table_larger_than_the_cache_misses_it(small, small_pg):
    """Ten megabytes through one; a window says the same as all time; a small table read again and again is fine."""
    young = await cache_hit_ratio(small_pg)
    await small.run(*BIG, *["select count(word) from big"] * 3)
    found = await cache_hit_ratio(small_pg)
    watching = asyncio.create_task(cache_hit_ratio(small_pg, window_s=1.5))
    while not watching.done():
        await small.run("select count(word) from big")
    watched = await watching
    assert (young.status, found.status, found.rows[0].kind) == (Status.UNKNOWN, Status.PROBLEM, "tables")
    assert (watched.status, watched.facts["watched"]) == (Status.PROBLEM, True)


async def test_a_table_that_fits_is_found_in_the_cache(small, small_pg):
    """Read often enough to judge."""
    await small.run("create table little as select generate_series(1, 5000) as id", *["select count(*) from little"] * 60)
    found = await cache_hit_ratio(small_pg)
    assert (found.status, found.rows[0].hit_pct > 95) == (Status.OK, True)


async def test_a_sort_that_spills_is_found_with_its_statement(small, small_pg, blind_pg):
    """More than shared_buffers in temporary files; the statement is named where pg_stat_statements can be read."""
    before, without = await temp_files(small_pg), await statements_spilling(small_pg)
    await small.run("create extension pg_stat_statements")
    quiet = await statements_spilling(small_pg)
    await small.run(SORT)
    found, which, hidden = await temp_files(small_pg), await statements_spilling(small_pg), await statements_spilling(blind_pg)
    assert (of(before, small.dsn), len(of(found, small.dsn)), found.status) == ([], 1, Status.PROBLEM)
    assert (without.status, quiet.status, which.status, hidden.status) == (Status.UNKNOWN, Status.OK, Status.PROBLEM, Status.UNKNOWN)
    assert "order by m" in which.rows[0].query


async def test_transactions_that_roll_back_are_found(small, small_pg):
    """Our own questions, each rolled back, are not counted."""
    for _ in range(30):
        await rollback_ratio(small_pg)
    before = await rollback_ratio(small_pg, min_transactions=10)
    await small.run(*["begin; select 1; rollback"] * 40)
    found = await until(lambda: rollback_ratio(small_pg, min_transactions=40), lambda f: f.status == Status.PROBLEM)
    assert ([r.rollback_pct < 10 for r in of(before, small.dsn)], found.status) == ([True], Status.PROBLEM)
    assert of(found, small.dsn)[0].rollbacks > 0


async def test_deadlocks_are_counted(small, small_pg, client):
    """One a day is allowed, three are not."""
    await small.run("create table t (id int primary key)", "insert into t values (1), (2)")
    a, b = await client("a"), await client("b")

    async def collide():
        await a.execute("set deadlock_timeout = '50ms'; begin; update t set id = id where id = 1")
        await b.execute("set deadlock_timeout = '50ms'; begin; update t set id = id where id = 2")
        waiting = asyncio.create_task(a.execute("update t set id = id where id = 2"))
        results = await asyncio.gather(waiting, b.execute("update t set id = id where id = 1"), return_exceptions=True)
        assert any(isinstance(r, asyncpg.DeadlockDetectedError) for r in results)
        await a.execute("rollback")
        await b.execute("rollback")

    before = await deadlock_rate(small_pg)
    for _ in range(3):
        await collide()
    await a.close()
    await b.close()
    found = await until(lambda: deadlock_rate(small_pg), lambda f: sum(r.deadlocks for r in of(f, small.dsn)) == 3)
    assert (of(before, small.dsn), found.status) == ([], Status.PROBLEM)


async def test_sessions_that_were_ended_are_counted(small, small_pg):
    """Killed from outside; those that said goodbye are fine."""
    for _ in range(3):
        await small.run("select 1")
    before = await lost_sessions(small_pg, min_sessions=3)
    for _ in range(3):
        victim = await asyncpg.connect(small.dsn)
        await small.run(f"select pg_terminate_backend({victim.get_server_pid()})")
    found = await until(lambda: lost_sessions(small_pg, min_sessions=3), lambda f: sum(r.killed for r in of(f, small.dsn)) == 3)
    assert ([r.lost_pct for r in of(before, small.dsn)], found.status) == ([0.0], Status.PROBLEM)


async def test_checkpoints_by_request_are_found(small, small_pg):
    """A dozen within seconds, none by time."""
    few = await checkpoints(small_pg, min_checkpoints=1000)
    for i in range(12):
        await small.run(f"create table t{i} (a int)", "checkpoint")
    found = await until(lambda: checkpoints(small_pg), lambda f: f.rows[0].requested >= 12)
    assert (few.status, found.status, found.rows[0].max_wal_size) == (Status.OK, Status.PROBLEM, "32MB")


async def test_a_corrupt_page_is_counted(fresh_sandbox):
    """A byte changed on disk, read back after a restart of the server."""
    async with fresh_sandbox(services=("postgres",), rows=1000) as sandbox:
        pg = await Postgres.connect(sandbox.admin_dsn)
        before = await checksum_failures(pg)
        if before.status == Status.UNKNOWN:
            await pg.close()
            pytest.skip("initdb of this version keeps no checksums by default")
        admin = await asyncpg.connect(sandbox.admin_dsn)
        await admin.execute("create table t as select generate_series(1, 1000) as a; checkpoint")
        file = sandbox.folder / "postgres" / "data" / await admin.fetchval("select pg_relation_filepath('t')")
        await admin.close()
        await sandbox.kill("postgres")
        with file.open("r+b") as page:
            page.seek(4000, os.SEEK_SET)
            page.write(b"\xff\x00\xff")
        await sandbox.start_service("postgres")
        admin = await asyncpg.connect(sandbox.admin_dsn)
        with pytest.raises(asyncpg.PostgresError):
            await admin.fetch("select count(*) from t")
        await admin.close()
        found = await until(lambda: checksum_failures(pg), lambda f: f.status == Status.PROBLEM)
        await pg.close()
    assert (before.status, found.rows[0].database, found.rows[0].failures >= 1) == (Status.OK, "shop", True)
