"""Lock queues on a real server: the head is named, never a victim, and look-alikes are not taken for it."""

import asyncio
import contextlib
import time
from datetime import UTC, datetime

import asyncpg
import pytest

from helpers.errors import FixFailed, ParameterError, SystemProblem
from helpers.postgres.checks.lock_contention import lock_contention
from helpers.postgres.checks.lock_tree import LockRow, judge, lock_tree
from helpers.postgres.connect import Postgres
from helpers.postgres.fixes.end_backend import EndBackend
from helpers.postgres.probes.lock_waits import LockWaits
from helpers.postgres.write import PostgresWriter
from tests.postgres.conftest import at

UPDATE = """update "Odd Schema"."Row's" set n = n + 1 where id = $1"""


async def connect(dsn: str, name: str) -> asyncpg.Connection:
    return await asyncpg.connect(dsn, server_settings={"application_name": name})


@contextlib.asynccontextmanager
async def queue(dsn: str, *, waiters: int = 3, active: bool = False):
    """A root that holds row 1, waiters behind it, and one behind a waiter; yields the root's connection and pid."""
    setup = await connect(dsn, "setup")
    await setup.execute("""create schema "Odd Schema"; create table "Odd Schema"."Row's" (id int primary key, n int);
        insert into "Odd Schema"."Row's" select i, 0 from generate_series(1, 5) i""")
    root = await connect(dsn, "billing <worker>")
    await root.execute("begin")
    await root.execute(UPDATE, 1)
    running = asyncio.create_task(root.fetch("select pg_sleep(60)")) if active else None
    tasks, connections = [], []
    chained = await connect(dsn, "chained")
    await chained.execute("begin")
    await chained.execute(UPDATE, 2)
    for name, row in [*((f"web-{i}", 1) for i in range(waiters)), ("behind", 2)]:
        connection = chained if name == "web-0" else await connect(dsn, name)
        connections.append(connection)
        tasks.append(asyncio.create_task(connection.execute(UPDATE, row)))
    while await setup.fetchval("select count(*) from pg_locks where not granted") < waiters:
        await asyncio.sleep(0.05)
    try:
        yield root, root.get_server_pid()
    finally:
        for connection in [root, *connections, setup]:
            connection.terminate()
        await asyncio.gather(*tasks, *([running] if running else []), return_exceptions=True)


async def waited(pg: Postgres, seconds: float) -> None:
    """Poll until some session has waited that long."""
    until = time.monotonic() + 20
    while not any(s.value >= seconds for s in await LockWaits(0.2, 0.2).measure({"postgres": pg})):
        assert time.monotonic() < until
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("active", [False, True])
async def test_the_head_of_the_queue_is_the_cause(own_database, own_pg, active):
    """An idle, or a busy, transaction at the head is named with its pid and application_name; so is what it holds up."""
    async with queue(own_database, active=active) as (_, pid):
        await waited(own_pg, 1.0)
        diagnosis = await lock_contention(own_pg, pause_s=0.1)
    assert (diagnosis.code, diagnosis.subject, len(diagnosis.facts["held_up"])) == ("lock_contention", f"pid {pid} (billing <worker>)", 4)


async def test_the_tree_lists_heads_first(own_database, own_pg):
    """The first row waits for nobody; a PROBLEM once a wait exceeds the limit."""
    async with queue(own_database) as (_, pid):
        await waited(own_pg, 1.0)
        tree = await lock_tree(own_pg)
    assert (tree.status, tree.rows[0].pid, tree.rows[0].blocked_by, len(tree.rows)) == ("PROBLEM", pid, [], 5)


async def test_nothing_waits_on_a_healthy_server(own_pg):
    """OK and empty."""
    tree, diagnosis = await lock_tree(own_pg), await lock_contention(own_pg, pause_s=0.05)
    assert (tree.status, list(tree.rows), diagnosis.status, diagnosis.code) == ("OK", [], "OK", None)


async def test_a_queue_behind_waiting_ddl_is_another_failure_mode(own_database, own_pg):
    """The reader is not the cause: the waiting ALTER TABLE is, and everyone queues behind it."""
    setup = await connect(own_database, "setup")
    await setup.execute("create table busy (id int)")
    names = ["reader", "migration", "web-1", "web-2"]
    reader, migration, *web = [await connect(own_database, name) for name in names]
    await reader.execute("begin; select * from busy")
    tasks = [asyncio.create_task(migration.execute("alter table busy add column b int"))]
    while not await setup.fetchval("select count(*) from pg_locks where not granted"):
        await asyncio.sleep(0.05)
    tasks += [asyncio.create_task(w.fetch("select * from busy")) for w in web]
    await waited(own_pg, 1.1)
    diagnosis = await lock_contention(own_pg, pause_s=0.1)
    pid = migration.get_server_pid()
    for connection in [reader, migration, *web, setup]:
        connection.terminate()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (diagnosis.code, diagnosis.subject) == ("ddl_lock_queue", f"pid {pid} on busy")


async def test_a_role_that_sees_nobody_says_unknown(own_database):
    """With the GRANT that helps; never OK."""
    admin = await connect(own_database, "setup")
    await admin.execute("drop role if exists blind; create role blind login password 'blind-pass'")
    pg = await Postgres.connect(at(own_database, user="blind", password="blind-pass"))
    tree, diagnosis = await lock_tree(pg), await lock_contention(pg)
    await pg.close()
    await admin.execute("drop role blind")
    await admin.close()
    assert (tree.status, "pg_monitor" in tree.remedy, diagnosis.status) == ("UNKNOWN", True, "UNKNOWN")


def row(pid: int, blocked_by: list[int], waiting_s: float = 5.0, **more) -> LockRow:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    plain = dict.fromkeys(LockRow.__dataclass_fields__) | {"application_name": f"app{pid}", "query": "", "backend_start": start}
    return LockRow(**{**plain, "pid": pid, "blocked_by": blocked_by, "waiting_s": waiting_s, "backend_type": "client backend", **more})


@pytest.mark.parametrize(
    ("rows", "status", "code"),
    [
        ([row(1, []), row(2, [1])], "PROBLEM", "lock_contention"),
        ([row(1, []), row(2, [1], 0.2)], "OK", None),
        ([row(1, [2]), row(2, [1])], "PROBLEM", "deadlocks"),
        ([row(0, []), row(2, [0])], "UNKNOWN", None),
        ([row(1, [], backend_type="autovacuum worker"), row(2, [1])], "UNKNOWN", None),
        ([row(2, [1])], "UNKNOWN", None),
        ([], "OK", None),
    ],
)
def test_a_judge_needs_no_server(rows, status, code):
    """Heads, bursts, cycles, prepared transactions, autovacuum, a head that is gone."""
    from helpers.postgres.checks.lock_contention import judge as diagnose

    said = diagnose([rows, rows], min_wait_s=1.0)
    assert (said.status, said.code) == (status, code)


def test_a_head_that_changes_is_a_queue_that_moves():
    """Not a cause."""
    from helpers.postgres.checks.lock_contention import judge as diagnose

    assert diagnose([[row(7, []), row(2, [7])], [row(1, []), row(2, [1])]], min_wait_s=1.0).status == "OK"


def test_deadlocks_explain_a_queue_that_moves_not_a_head_that_stays():
    """The server breaks a deadlock within deadlock_timeout; whoever stays at the head longer holds its lock for another reason."""
    from helpers.postgres.checks.lock_contention import judge as diagnose

    stays, moves = [row(1, []), row(2, [1])], [row(7, []), row(2, [7])]
    codes = [diagnose(looks, min_wait_s=1.0, deadlocks=3).code for looks in ([stays, stays], [moves, stays], [[], []])]
    assert codes == ["lock_contention", "deadlocks", "deadlocks"]


def test_a_tree_of_a_blind_role_is_unknown():
    """Even when it is empty."""
    assert judge([], sees_everyone=False, min_wait_s=1).status == "UNKNOWN"


async def ended(dsn: str, fix: EndBackend) -> tuple[str, bool]:
    """Apply, and return (what was read back, whether the session is gone)."""
    pg = await Postgres.connect(dsn)
    writer = await PostgresWriter.connect(dsn, application_name="runbook:test")
    preview = await fix.preview(pg)
    await fix.apply(writer, preview)
    said = await fix.read_back(pg)
    gone = not await pg.fetch("select 1 from pg_stat_activity where pid = $1", fix.pid)
    await writer.close()
    await pg.close()
    return said, gone


async def target(dsn: str, pid: int) -> EndBackend:
    admin = await connect(dsn, "setup")
    start = await admin.fetchval("select backend_start from pg_stat_activity where pid = $1", pid)
    await admin.close()
    return EndBackend(pid, start.isoformat(), "billing", grace_s=0.3)


async def test_ending_the_head_frees_the_queue(own_database, own_pg):
    """An idle transaction ignores the cancel and is terminated; nobody waits any more."""
    async with queue(own_database) as (_, pid):
        said, gone = await ended(own_database, await target(own_database, pid))
        left = await own_pg.value(
            "select count(*) from pg_locks l join pg_stat_activity a using (pid) where not granted and $1 = any(pg_blocking_pids(pid))", pid
        )
    assert (gone, "gone" in said, left) == (True, True, 0)


async def test_a_preview_changes_nothing(own_database, own_pg):
    """Both signals, what is lost, and that there is no inverse."""
    async with queue(own_database) as (root, pid):
        preview = await (await target(own_database, pid)).preview(own_pg)
        alive = await root.fetchval("select 1")
    assert (alive, preview.needed, len(preview.statements), preview.effects[-1]) == (1, True, 2, "There is no inverse.")


async def test_a_session_that_is_gone_needs_no_fix(own_pg):
    """A no-op."""
    preview = await EndBackend(1, "2020-01-01T00:00:00+00:00").preview(own_pg)
    assert preview.needed is False


async def test_a_reused_pid_is_not_signalled(own_database):
    """The same pid with another backend_start is another session."""
    other = await connect(own_database, "innocent")
    await ended(own_database, EndBackend(other.get_server_pid(), "2020-01-01T00:00:00+00:00", grace_s=0.1))
    alive = await other.fetchval("select 1")
    await other.close()
    assert alive == 1


async def test_it_cannot_be_undone_and_refuses_bad_input(own_database, own_pg):
    """An ended session does not come back; a time that is none is refused."""
    writer = await PostgresWriter.connect(own_database, application_name="runbook:test")
    with pytest.raises(FixFailed):
        await EndBackend(1, "2020-01-01T00:00:00+00:00").undo(writer, {})
    await writer.close()
    with pytest.raises(ParameterError):
        await EndBackend(1, "yesterday").preview(own_pg)


async def test_a_role_without_the_right_is_told_which(own_database, own_pg):
    """Signalling another role's session is refused by the server, and surfaces as Refused."""
    admin = await connect(own_database, "setup")
    await admin.execute("drop role if exists weak; create role weak login password 'weak-pass'")
    weak = at(own_database, user="weak", password="weak-pass")
    async with queue(own_database) as (_, pid):
        fix = await target(own_database, pid)
        writer = await PostgresWriter.connect(weak, application_name="runbook:test")
        with pytest.raises((SystemProblem, FixFailed)):
            await fix.apply(writer, await fix.preview(own_pg))
        await writer.close()
    await admin.execute("drop role weak")
    await admin.close()
