"""A queue behind waiting DDL, on a real server: named, cancelled, and not confused with what looks like it."""

import asyncio
import contextlib
from datetime import UTC, datetime

import asyncpg
import pytest

from helpers.errors import FixFailed, ParameterError, SystemProblem
from helpers.postgres.blocking import behind, cycles, is_waiting_ddl, waiting_ddl
from helpers.postgres.checks.ddl_lock_queue import ddl_lock_queue, judge
from helpers.postgres.checks.lock_tree import LockRow
from helpers.postgres.connect import Postgres
from helpers.postgres.fixes.cancel_ddl import CancelDdl
from helpers.postgres.write import PostgresWriter
from tests.postgres.conftest import at

START = datetime(2026, 1, 1, tzinfo=UTC)
TABLE = '"Odd Schema"."Row\'s"'
ALTER = f"alter table {TABLE} add column note text"


def row(pid: int, blocked_by: list[int], query: str = "select 1", **changes: object) -> LockRow:
    values = {
        "application_name": f"app-{pid}", "state": "active" if blocked_by else "idle in transaction", "waiting_s": 5.0 if blocked_by else 0.0,
        "in_transaction_s": 9.0, "in_state_s": 9.0, "wait_event_type": "Lock", "wait_event": "relation", "locktype": "relation",
        "mode": "AccessShareLock", "relation": "orders", "usename": "shop", "datname": "shop", "client_addr": None,
        "backend_type": "client backend", "backend_start": START, **changes,
    }  # fmt: skip
    return LockRow(pid=pid, blocked_by=blocked_by, query=query, **values)


def ddl(pid: int, blocked_by: list[int], query: str = "alter table orders add column b int", mode: str = "AccessExclusiveLock") -> LockRow:
    return row(pid, blocked_by, query, mode=mode)


SHARE = "ShareLock"
READER = row(1, [])
JUDGED = {
    "everyone behind ALTER": ([READER, ddl(2, [1]), row(3, [2]), row(4, [2])], "PROBLEM", "ddl_lock_queue"),
    "behind one another, behind ALTER": ([READER, ddl(2, [1]), row(3, [2]), row(4, [3])], "PROBLEM", "ddl_lock_queue"),
    "writers behind CREATE INDEX": ([READER, ddl(2, [1], "create index on orders (a)", SHARE), row(3, [2])], "PROBLEM", "ddl_lock_queue"),
    "after a comment": ([READER, ddl(2, [1], "/* V7 */ -- add\n ALTER TABLE orders add b int"), row(3, [2])], "PROBLEM", "ddl_lock_queue"),
    "second of a batch": ([READER, ddl(2, [1], "begin; drop table orders"), row(3, [2])], "PROBLEM", "ddl_lock_queue"),
    "in a function": ([READER, ddl(2, [1], "select migrate()"), row(3, [2])], "PROBLEM", "ddl_lock_queue"),
    "two migrations": ([READER, ddl(2, [1]), ddl(3, [2]), row(4, [3]), row(5, [2])], "PROBLEM", "ddl_lock_queue"),
    "behind autovacuum": ([row(1, [], backend_type="autovacuum worker"), ddl(2, [1]), row(3, [2])], "PROBLEM", "ddl_lock_queue"),
    "nobody behind the DDL": ([READER, ddl(2, [1])], "PROBLEM", "lock_contention"),
    "a row's queue": ([READER, row(2, [1], locktype="transactionid", mode=SHARE), row(3, [1])], "PROBLEM", "lock_contention"),
    "a row's queue, DDL beside": ([READER, *(row(n, [1]) for n in range(5, 12)), ddl(2, [1]), row(3, [2])], "PROBLEM", "lock_contention"),
    "an application's LOCK TABLE": ([READER, ddl(2, [1], "lock table orders"), row(3, [2])], "PROBLEM", "lock_contention"),
    "LOCK TABLE in a function": ([READER, ddl(2, [1], "select f()", "ExclusiveLock"), row(3, [2])], "PROBLEM", "lock_contention"),
    "DDL that has its lock": ([row(1, [], "alter table orders add b int", state="active"), row(2, [1]), row(3, [1])], "PROBLEM", "lock_contention"),
    "autovacuum alone": ([row(1, [], backend_type="autovacuum worker"), ddl(2, [1])], "UNKNOWN", None),
    "a cycle": ([ddl(1, [2]), row(2, [1])], "PROBLEM", "deadlocks"),
    "short": ([READER, ddl(2, [1]), row(3, [2])], "OK", None),
    "nothing": ([], "OK", None),
}  # fmt: skip


@pytest.mark.parametrize("case", JUDGED)
def test_a_judge_needs_no_server(case):
    """What is asked for, by what, and who waits behind it."""
    rows, status, code = JUDGED[case]
    said = judge([rows, rows], min_wait_s=10.0 if case == "short" else 1.0)
    assert (said.status, said.code) == (status, code)


def test_of_two_migrations_the_first_in_the_queue_is_named():
    """The second would only take its place; it is evidence against."""
    rows = JUDGED["two migrations"][0]
    said = judge([rows, rows], min_wait_s=1.0)
    assert (said.subject, len(said.against)) == ("pid 2 on orders", 1)


def test_a_migration_that_gives_up_by_itself_is_not_named():
    """It waited in the last look only: it has a lock_timeout, or has just begun."""
    rows = JUDGED["everyone behind ALTER"][0]
    assert (judge([[READER], rows], min_wait_s=1.0).status, judge([rows], min_wait_s=1.0).code) == ("UNKNOWN", "ddl_lock_queue")


def test_whom_it_waits_for_is_evidence():
    """The head of the queue is told with what it does, and that others could pass it."""
    said = judge([JUDGED["behind autovacuum"][0]], min_wait_s=1.0)
    assert any("autovacuum worker" in sentence for sentence in said.because)


def test_the_graph_is_walked_without_a_server():
    """Who waits behind whom, cycles, and none of it fooled by a session that is gone."""
    rows = [row(1, []), row(2, [1]), row(3, [2]), row(4, [5]), row(5, [4]), row(6, [4]), row(7, [99])]
    assert (behind(rows, 1), behind(rows, 99), cycles(rows)) == ({2, 3}, {7}, [frozenset({4, 5})])
    assert (waiting_ddl(rows), is_waiting_ddl(row(1, [], "drop table x", mode="AccessExclusiveLock"))) == (None, False)


@contextlib.asynccontextmanager
async def queue(dsn: str, statement: str, *, holds: str = f"begin; select count(*) from {TABLE}", waiters: int = 2):
    """A session that ran `holds`, one that waits with `statement`, and others behind it; yields the waiting session's pid."""
    setup = await asyncpg.connect(dsn)
    await setup.execute(f'create schema if not exists "Odd Schema"; create table if not exists {TABLE} (id int primary key, n int)')
    connections = [
        await asyncpg.connect(dsn, server_settings={"application_name": name}) for name in ("reader", "migration", *"ab"[:waiters])
    ]
    reader, migration, *others = connections
    await reader.execute(holds)
    tasks = [asyncio.create_task(migration.execute(statement))]
    await until(setup, "select count(*) from pg_locks where not granted", 1)
    tasks += [asyncio.create_task(other.fetch(f"select * from {TABLE}")) for other in others]
    await until(setup, "select count(*) from pg_locks where not granted and clock_timestamp() - waitstart > interval '1 s'", 1 + waiters)
    try:
        yield reader, migration
    finally:
        for connection in [migration, reader, *others, setup]:
            connection.terminate()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(connection: asyncpg.Connection, question: str, wanted: int) -> None:
    async with asyncio.timeout(30):
        while await connection.fetchval(question) < wanted:
            await asyncio.sleep(0.05)


async def test_the_waiting_statement_is_named_with_its_table(own_database, own_pg):
    """Quoted as SQL writes it, whoever the statement waits for."""
    async with queue(own_database, ALTER) as (reader, migration):
        said = await ddl_lock_queue(own_pg, pause_s=0.1)
        names = f"pid {migration.get_server_pid()} on {TABLE}", f"pid {reader.get_server_pid()} (reader)"
    assert (said.code, said.subject, any(names[1] in sentence for sentence in said.because)) == ("ddl_lock_queue", names[0], True)


@pytest.mark.parametrize("statement", [f"lock table {TABLE}", f"LOCK {TABLE} IN ACCESS EXCLUSIVE MODE"])
async def test_a_lock_table_of_an_application_is_not_it(own_database, own_pg, statement):
    """What keeps it waiting is the cause."""
    async with queue(own_database, f"begin; {statement}") as (reader, _):
        said = await ddl_lock_queue(own_pg, pause_s=0.1)
        name = f"pid {reader.get_server_pid()} (reader)"
    assert (said.code, said.subject) == ("lock_contention", name)


async def test_ddl_that_works_is_not_it(own_database, own_pg):
    """It has its lock: a head that is active, which only ends by itself or by force."""
    async with queue(own_database, f"select * from {TABLE}", holds=f"begin; {ALTER}") as (reader, _):
        said = await ddl_lock_queue(own_pg, pause_s=0.1)
        name = f"pid {reader.get_server_pid()} (reader)"
    assert (said.code, said.subject) == ("lock_contention", name)


async def test_a_healthy_server_has_none(own_pg):
    """OK, nothing named."""
    said = await ddl_lock_queue(own_pg, pause_s=0.05)
    assert (said.status, said.code) == ("OK", None)


async def test_a_role_that_sees_nobody_says_unknown(own_database):
    """With the GRANT that helps; never OK."""
    admin = await asyncpg.connect(own_database)
    await admin.execute("drop role if exists blind_ddl; create role blind_ddl login password 'blind-pass'")
    pg = await Postgres.connect(at(own_database, user="blind_ddl", password="blind-pass"))
    said = await ddl_lock_queue(pg)
    await pg.close()
    await admin.execute("drop role blind_ddl")
    await admin.close()
    assert (said.status, "pg_monitor" in said.summary) == ("UNKNOWN", True)


async def fix_of(pg: Postgres, **changes: object) -> CancelDdl:
    return CancelDdl(**{**(await ddl_lock_queue(pg, pause_s=0.1)).target, "grace_s": 0.3, **changes})


async def applied(dsn: str, fix: CancelDdl, pg: Postgres) -> str:
    writer = await PostgresWriter.connect(dsn, application_name="runbook:test")
    try:
        await fix.apply(writer, await fix.preview(pg))
        return await fix.read_back(pg)
    finally:
        await writer.close()


async def test_cancelling_it_drains_the_queue(own_database, own_pg):
    """Nobody waits any more; the migration's session and the one it waited for are still there."""
    async with queue(own_database, ALTER) as (reader, migration):
        said = await applied(own_database, await fix_of(own_pg), own_pg)
        left = await own_pg.value("select count(*) from pg_locks where not granted")
        alive = [await connection.fetchval("select 1") for connection in (reader, migration)]
    assert ("does not wait" in said, left, alive) == (True, 0, [1, 1])


async def test_a_session_that_tries_again_at_once_is_terminated(own_database, own_pg):
    """The cancel alone would put it at the end of the same queue."""
    stubborn = f"do $$ begin loop begin {ALTER}; exit; exception when query_canceled then null; end; end loop; end $$"
    async with queue(own_database, stubborn) as (_, migration):
        await applied(own_database, await fix_of(own_pg), own_pg)
        gone = migration.is_closed() or not await own_pg.fetch("select 1 from pg_stat_activity where pid = $1", migration.get_server_pid())
    assert gone


async def test_a_preview_changes_nothing_and_says_how_to_run_it_again(own_database, own_pg):
    """Both signals, who waits, and the way to give way; the queue stands."""
    async with queue(own_database, ALTER):
        preview = await (await fix_of(own_pg)).preview(own_pg)
        left = await own_pg.value("select count(*) from pg_locks where not granted")
    assert (left, len(preview.statements), preview.needed) == (3, 2, True)
    assert ["lock_timeout" in preview.advice[0], "idle_in_transaction_session_timeout" in preview.advice[1]] == [True, True]


async def test_ddl_that_got_its_lock_meanwhile_is_left_to_work(own_database, own_pg):
    """It does not wait any more when the fix looks again: no signal."""
    async with queue(own_database, f"begin; {ALTER}; select pg_sleep(60)") as (reader, _):
        fix = await fix_of(own_pg)
        await reader.execute("rollback")
        await until(reader, f"select count(*) from pg_locks where granted and mode = 'AccessExclusiveLock' and pid = {fix.pid}", 1)
        preview = await fix.preview(own_pg)
        await applied(own_database, fix, own_pg)
        state = await own_pg.value("select state from pg_stat_activity where pid = $1", fix.pid)
    assert (preview.needed, state) == (False, "active")


async def test_a_reused_pid_is_not_signalled(own_database, own_pg):
    """The same pid with another backend_start is another session."""
    async with queue(own_database, ALTER):
        fix = await fix_of(own_pg, backend_start="2020-01-01T00:00:00+00:00")
        preview = await fix.preview(own_pg)
        await applied(own_database, fix, own_pg)
        left = await own_pg.value("select count(*) from pg_locks where not granted")
    assert (preview.needed, left) == (False, 3)


async def test_it_cannot_be_undone_and_refuses_bad_input(own_database, own_pg):
    """A cancelled statement does not come back; a time that is none is refused."""
    writer = await PostgresWriter.connect(own_database, application_name="runbook:test")
    with pytest.raises(FixFailed):
        await CancelDdl(1, "2020-01-01T00:00:00+00:00", "orders").undo(writer, {})
    await writer.close()
    with pytest.raises(ParameterError):
        await CancelDdl(1, "yesterday", "orders").preview(own_pg)


async def test_a_role_without_the_right_is_told_which(own_database, own_pg):
    """Signalling another role's session is refused by the server, and surfaces."""
    admin = await asyncpg.connect(own_database)
    await admin.execute("drop role if exists weak_ddl; create role weak_ddl login password 'weak-pass'")
    async with queue(own_database, ALTER):
        with pytest.raises((SystemProblem, FixFailed)):
            await applied(at(own_database, user="weak_ddl", password="weak-pass"), await fix_of(own_pg), own_pg)
    await admin.execute("drop role weak_ddl")
    await admin.close()
