"""Deadlocks on a real server: seen while they stand, named by their tables, and gone with the order the patch gives."""

import asyncio
import contextlib
from datetime import UTC, datetime

import asyncpg
import pytest

from helpers.errors import FixFailed, ParameterError
from helpers.postgres.checks.deadlock_rate import deadlock_rate
from helpers.postgres.checks.deadlocks import DeadlockWatch, deadlocks, judge
from helpers.postgres.checks.lock_contention import lock_contention
from helpers.postgres.checks.lock_tree import LockRow
from helpers.postgres.connect import Postgres
from helpers.postgres.deadlock_counter import DeadlockCounter, read_deadlocks
from helpers.postgres.fixes.lock_order import LockOrder
from helpers.postgres.lock_cycles import LockCycle, normalised, standing
from helpers.postgres.probes.deadlock_count import DeadlockCount
from tests.postgres.conftest import at

SETUP = """
    create schema "Odd Schema";
    create table "Odd Schema"."B's" ("Id" int primary key, n int); insert into "Odd Schema"."B's" select i, 0 from generate_series(1, 9) i;
    create table a (id int primary key, n int); insert into a select i, 0 from generate_series(1, 9) i;
    create table keys (k int primary key)"""
A, B = "update a set n = n + 1 where id = $1", """update "Odd Schema"."B's" set n = n + 1 where "Id" = $1"""
KEY = "insert into keys values ($1)"
LOCK = "select pg_advisory_xact_lock($1)"
SHAPES = {
    "rows of one table": ([(A, 1), (A, 2)], "a"),
    "rows of two tables": ([(A, 1), (B, 1)], """"Odd Schema"."B's", a"""),
    "new keys": ([(KEY, 1), (KEY, 2)], "keys"),
    "advisory locks": ([(LOCK, 1), (LOCK, 2)], "advisory locks"),
}


async def connect(dsn: str, **settings: str) -> asyncpg.Connection:
    return await asyncpg.connect(dsn, server_settings={"application_name": "till", **settings})


@contextlib.asynccontextmanager
async def cycle(dsn: str, steps: list[tuple[str, int]], timeout: str = "60s"):
    """Two sessions that run the steps in opposite order and wait for each other, as long as `timeout` lets them."""
    setup = await connect(dsn)
    await setup.execute(SETUP)
    pair = [await connect(dsn, deadlock_timeout=timeout) for _ in range(2)]
    for connection, (sql, value) in zip(pair, steps, strict=True):
        await connection.execute("begin")
        await connection.execute(sql, value)
    tasks = [asyncio.create_task(connection.execute(sql, value)) for connection, (sql, value) in zip(pair, steps[::-1], strict=True)]
    try:
        yield tasks
    finally:
        for connection in [*pair, setup]:
            connection.terminate()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_cycle_is_named_by_what_it_waits_over(own_database, own_pg, shape):
    """Tables as SQL writes them, sorted; both statements as evidence; the session at no head is left alone."""
    steps, subject = SHAPES[shape]
    async with cycle(own_database, steps):
        said = await deadlocks(own_pg, window_s=2.0)
    told = " ".join(said.because)
    assert (said.code, said.subject, [sql for sql, _ in steps if normalised(sql) not in told]) == ("deadlocks", subject, [])


async def test_a_cycle_is_no_lock_contention(own_database, own_pg):
    """Even when deadlock_timeout lets it stand for a minute."""
    async with cycle(own_database, SHAPES["rows of one table"][0]):
        async with asyncio.timeout(30):
            while (said := await lock_contention(own_pg, pause_s=0.1)).status == "OK":
                await asyncio.sleep(0.1)
    assert (said.code, said.subject) == ("deadlocks", "a")


async def test_one_that_is_broken_is_counted(own_database, own_pg):
    """By the server, when its victim has rolled back; the probe's slices and the rate by database say so."""
    probe = asyncio.create_task(DeadlockCount(3.0).measure({"postgres": own_pg}))
    watch = await Postgres.connect(own_database)
    async with cycle(own_database, SHAPES["rows of one table"][0], timeout="100ms") as tasks:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    async with asyncio.timeout(20):
        while not (await read_deadlocks(watch)).deadlocks:
            await asyncio.sleep(0.05)
    samples, rate = await probe, await deadlock_rate(watch)
    await watch.close()
    kinds = {type(task.exception()) for task in done} - {type(None)}
    assert (kinds, len(samples), rate.status) == ({asyncpg.DeadlockDetectedError}, 10, "OK")
    assert sum(s.value for s in samples) in (0.0, 1.0)  # 0 where the machine was so slow that the window was over


async def test_a_healthy_server_has_none(own_pg):
    """OK, and soon: nothing was ever counted."""
    said = await deadlocks(own_pg, window_s=30.0)
    assert (said.status, said.code, said.facts["seconds"] < 15) == ("OK", None, True)


async def test_a_blind_role_does_not_say_ok_when_some_were_counted(own_database):
    """Cycles of others are hidden from it; that they are counted is not."""
    admin = await connect(own_database)
    await admin.execute("drop role if exists blind_dl; create role blind_dl login password 'blind-pass'")
    pg = await Postgres.connect(at(own_database, user="blind_dl", password="blind-pass"))
    said = await deadlocks(pg, window_s=0.5)
    await pg.close()
    await admin.execute("drop role blind_dl")
    await admin.close()
    hidden = judge(watched(counted=2), sees_everyone=False)
    assert (said.code, hidden.status, "pg_monitor" in hidden.summary) == (None, "UNKNOWN", True)


def watched(
    *, counted: int = 0, seen: tuple[LockCycle, ...] = (), last: tuple = (), since: int = 0, counted_s: float = 864_000.0
) -> DeadlockWatch:
    return DeadlockWatch(10.0, DeadlockCounter(since, 1.0, counted_s), counted, seen, last)


def row(pid: int, blocked_by: list[int]) -> LockRow:
    plain = dict.fromkeys(LockRow.__dataclass_fields__) | {
        "application_name": "x",
        "query": "",
        "backend_start": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return LockRow(**{**plain, "pid": pid, "blocked_by": blocked_by, "waiting_s": 5.0, "backend_type": "client backend"})


ONE = LockCycle(("orders",), ("update orders",), ("till",), (1, 2))
OTHER = LockCycle(("stock",), ("delete from stock",), ("till",), (3, 4))
QUEUE = ([row(1, []), row(2, [1])],) * 4
JUDGED = {
    "seen and counted": (watched(counted=3, seen=(ONE, ONE)), "PROBLEM", "deadlocks", "orders"),
    "seen most": (watched(counted=3, seen=(OTHER, ONE, ONE)), "PROBLEM", "deadlocks", "orders"),
    "seen, not broken yet": (watched(seen=(ONE,)), "PROBLEM", "deadlocks", "orders"),
    "counted, never seen": (watched(counted=1), "UNKNOWN", None, ""),
    "a queue instead": (watched(last=QUEUE), "PROBLEM", "lock_contention", "pid 1 (x)"),
    "five a day, none now": (watched(since=50), "UNKNOWN", None, ""),
    "five in a year": (watched(since=5, counted_s=31_536_000.0), "OK", None, ""),
    "none": (watched(), "OK", None, ""),
}


@pytest.mark.parametrize("case", JUDGED)
def test_a_judge_needs_no_server(case):
    """What was seen, what was counted, and how often it comes."""
    watch, status, code, subject = JUDGED[case]
    said = judge(watch, sees_everyone=True)
    assert (said.status, said.code, said.subject) == (status, code, subject)


def test_how_long_to_watch_is_told():
    """Five a day: three times the mean distance between two."""
    assert "14.4 h" in judge(watched(since=50), sees_everyone=True).summary


def test_a_cycle_counts_when_it_stands():
    """One look reads session by session and may see a cycle that never was; the same sessions twice is one."""
    now, before = [row(1, [2]), row(2, [1])], [row(1, [2])]
    assert ([len(standing(looks)) for looks in ([now], [before, now], [now, now])]) == [0, 0, 1]


def test_a_statement_is_shown_without_its_values():
    """On one line; names and parameters stay."""
    shown = normalised('update  "T1"\n set n2 = 5.5, x = $1 where id in (7, 88)')
    assert shown == 'update "T1" set n2 = ?, x = $1 where id in (?, ?)'


async def test_the_probe_refuses_an_empty_window():
    """A window of no seconds."""
    with pytest.raises(ParameterError):
        DeadlockCount(0.0)


async def preview_of(dsn: str, pg: Postgres, *relations: str):
    setup = await connect(dsn)
    await setup.execute(SETUP)
    await setup.execute("create table pairs (x int, y int, primary key (y, x)); create table heap (x int)")
    await setup.close()
    fix = LockOrder(list(relations), ["update a set n = ?", "insert into a values (?)"])
    preview = await fix.preview(pg)
    return fix, preview


async def test_the_proposal_locks_by_primary_key(own_database, own_pg):
    """Tables in the order of their names, keys as the server quotes them; a table without one says what it needs."""
    _, preview = await preview_of(own_database, own_pg, "pairs", "heap", "a", """"Odd Schema"."B's\"""")
    assert [s.partition("FROM ")[2].partition(" FOR")[0] for s in preview.statements] == [
        """"Odd Schema"."B's" WHERE "Id" = ANY($1) ORDER BY "Id\"""",
        "a WHERE id = ANY($1) ORDER BY id",
        "heap WHERE /* the rows to be changed */ ORDER BY /* a unique key */",
        "pairs WHERE /* the rows to be changed */ ORDER BY y, x",
    ]


async def test_it_is_never_applied(own_database, own_pg):
    """A person reviews and deploys it."""
    fix, preview = await preview_of(own_database, own_pg, "a")
    with pytest.raises(FixFailed):
        await fix.apply(None, preview)
    with pytest.raises(FixFailed):
        await fix.undo(None, {})


@pytest.mark.parametrize("ordered", [False, True])
async def test_the_patch_works(own_database, own_pg, ordered):
    """Its retry hides deadlocks of opposing pairs from their callers; with its order there are none."""
    fix, preview = await preview_of(own_database, own_pg, "a")
    module: dict = {}
    exec(compile(fix.patch(preview), "patch.py", "exec"), module)

    def change(*ids: int):
        async def work(connection):
            if ordered:
                await connection.execute(module["LOCK_IN_ORDER"][0], list(ids))
            for number in ids:
                await connection.execute(A, number)
                await asyncio.sleep(0.01)

        return work

    before = (await read_deadlocks(own_pg)).deadlocks
    async with asyncpg.create_pool(own_database, min_size=2, max_size=2, server_settings={"deadlock_timeout": "20ms"}) as pool:
        for _ in range(10):
            await asyncio.gather(*(module["in_transaction"](pool, change(*ids)) for ids in ((1, 2), (2, 1))))
        total = await pool.fetchval("select sum(n) from a")
    counted = (await read_deadlocks(own_pg)).deadlocks - before  # the sessions are closed, so they have reported
    assert (total, counted > 0) == (40, not ordered)
