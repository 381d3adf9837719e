"""Checks of what is on its way: prepared transactions, index builds, VACUUMs, replication slots."""

import asyncio

from helpers.postgres.checks.index_builds import index_builds
from helpers.postgres.checks.prepared_transactions import judge as judge_prepared
from helpers.postgres.checks.prepared_transactions import prepared_transactions
from helpers.postgres.checks.replication_slots import replication_slots
from helpers.postgres.checks.vacuum_progress import vacuum_progress
from helpers.results import Status
from tests.postgres.checks.conftest import until


async def test_a_prepared_transaction_that_waits_is_found(small, small_pg):
    """Young ones are fine, and a server that allows none has none."""
    await small.run("create table t (a int)", "begin; insert into t values (1); prepare transaction 'order 7'")
    young, found = await prepared_transactions(small_pg), await prepared_transactions(small_pg, max_age_s=0)
    await small.run("rollback prepared 'order 7'")
    assert (young.status, found.status, [r.gid for r in found]) == (Status.OK, Status.PROBLEM, ["order 7"])
    assert judge_prepared((), allowed=0, max_age_s=0).status == Status.SKIPPED


async def test_a_build_that_waits_for_a_session_is_found(small, small_pg, blind_pg, client):
    """The session it waits for is named; a role that may not see the build says so."""
    await small.run('create table "T t" (a int)')
    quiet = await index_builds(small_pg)
    holder = await client("forgetful")
    await holder.execute('begin; insert into "T t" values (1)')
    building = asyncio.create_task((await client("migration")).execute('create index concurrently "the Index" on "T t" (a)'))
    found = await until(lambda: index_builds(small_pg, max_wait_s=0.1), lambda f: f.status == Status.PROBLEM)
    fine, hidden = await index_builds(small_pg), await index_builds(blind_pg)
    await holder.execute("commit")
    await building
    row = found.rows[0]
    assert (row.table, row.index, row.waits_for_pid) == ('"T t"', '"the Index"', holder.get_server_pid())
    assert (quiet.status, fine.status, hidden.status) == (Status.OK, Status.OK, Status.UNKNOWN)


async def test_a_vacuum_in_rounds_is_found(small, small_pg, blind_pg, client):
    """Too little memory for its dead rows; slowed down so that it can be watched."""
    memory = "64kB" if small_pg.version_num >= 170000 else "1MB"
    rows = 400_000 if small_pg.version_num < 170000 else 200_000
    await small.run(
        f"create table t with (autovacuum_enabled = off) as select i as a, i as b from generate_series(1, {rows}) i",
        "create index on t (a)", "delete from t where a % 2 = 0",
    )  # fmt: skip
    quiet = await vacuum_progress(small_pg)
    worker = await client("migration")
    await worker.execute(f"set maintenance_work_mem = '{memory}'; set vacuum_cost_delay = 20; set vacuum_cost_limit = 200")
    running = asyncio.create_task(worker.execute("vacuum (index_cleanup on, parallel 0) t"))
    hidden = await until(lambda: vacuum_progress(blind_pg), lambda f: len(f))
    found = await until(lambda: vacuum_progress(small_pg), lambda f: f.status == Status.PROBLEM)
    await small.run(f"select pg_cancel_backend({worker.get_server_pid()})")
    await asyncio.gather(running, return_exceptions=True)
    assert (quiet.status, hidden.status, found.rows[0].table, found.rows[0].autovacuum) == (Status.OK, Status.UNKNOWN, "t", False)


async def test_a_slot_nobody_reads_is_found(small, small_pg):
    """It keeps more WAL than max_wal_size; a new one keeps nothing, and dropped it is quiet."""
    none = await replication_slots(small_pg)
    await small.run("select pg_create_physical_replication_slot('standby_that_left', true)", "create table t (a int)")
    young = await replication_slots(small_pg)
    for i in range(4):
        await small.run(f"insert into t values ({i})", "select pg_switch_wal()")
    found = await replication_slots(small_pg)
    await small.run("select pg_drop_replication_slot('standby_that_left')")
    assert (none.status, young.status, found.status) == (Status.OK, Status.OK, Status.PROBLEM)
    assert [(r.slot, r.active) for r in found] == [("standby_that_left", False)]
