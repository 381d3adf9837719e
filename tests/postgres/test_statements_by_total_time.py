"""The statement that takes the time is found: by counters, by looking, net of what runs anyway."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from helpers.errors import Unreachable
from helpers.postgres.activity import Activity, Seen
from helpers.postgres.checks.statements_by_total_time import statements_by_total_time
from helpers.postgres.connect import Postgres
from helpers.results import Status
from tests.postgres.conftest import Database, Opened

SLOW = "select count(*) from generate_series($1::int, $2::int) i where i % $3::int = $4"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tables(database: Database) -> Database:
    await database.run(
        "create table items (id int primary key, word text)", "insert into items select i, 'w' || i from generate_series(1, 1000) i"
    )
    return database


@contextlib.asynccontextmanager
async def traffic(database: Database, query: str, *args: object, pause_s: float = 0.01, dsn: str = "") -> AsyncIterator[None]:
    """An application that repeats one statement."""
    connection = await asyncpg.connect(dsn or database.dsn, server_settings={"application_name": "app"})

    done = asyncio.Event()

    async def repeat() -> None:
        while not done.is_set():
            await connection.fetch(query, *args)
            await asyncio.sleep(pause_s)

    running = asyncio.create_task(repeat())
    try:
        yield
    finally:
        done.set()
        await running
        await connection.close()


async def requests(database: Database, n: int, *statements: tuple) -> int:
    connection = await asyncpg.connect(database.dsn, server_settings={"application_name": "app"})
    for _ in range(n):
        for query, *args in statements:
            await connection.fetch(query, *args)
    await connection.close()
    return n


async def test_the_slow_statement_comes_first(tables: Database, pg: Postgres):
    """Calls per request, mean and share are those of the load; the N+1 is seen as calls."""
    load = lambda: requests(tables, 5, (SLOW, 1, 300_000, 7, 3), *[("select word from items where id = $1", i) for i in range(10)])  # noqa: E731
    found = await statements_by_total_time(pg, during=load, window_s=1)
    first, second = found.rows[0], found.rows[1]
    assert (found.status, first.query, first.calls_per_request, first.rows_per_call) == (Status.PROBLEM, SLOW, 1.0, 1.0)
    assert (second.query, second.calls_per_request, first.share_pct > 90) == ("select word from items where id = $1", 10.0, True)


def test_what_was_seen_while_it_was_parsed_is_the_same_statement():
    """It has no query id yet; one that never got one stays: it may wait for a lock there."""
    activity = Activity(
        {7: Seen("select $1", active=2), 8: Seen("SELECT 5;", parsing=True, active=1), 9: Seen("delete from t", parsing=True)}
    )
    activity.attribute({"select?,?": 11})
    assert (set(activity.statements), activity.statements[7].active) == ({7, 9}, 3)


async def test_what_runs_anyway_is_not_blamed_on_the_request(tables: Database, pg: Postgres):
    """A batch that takes far more time than the request is taken off, as the idle window shows it."""
    batch = "select sum(i) from generate_series(1, 200000) i where i % 3 = $1::int"
    async with traffic(tables, batch, 1, pause_s=0):
        found = await statements_by_total_time(pg, during=lambda: requests(tables, 10, (SLOW, 1, 400_000, 7, 3)), window_s=3)
    assert found.rows[0].query == SLOW


async def test_live_traffic_is_watched_without_a_load(tables: Database, pg: Postgres):
    """With nothing to run, or a load of none, what the application sends is found."""
    async with traffic(tables, SLOW, 1, 200_000, 7, 2):
        alone = await statements_by_total_time(pg, window_s=1)
        passive = await statements_by_total_time(pg, during=lambda: asyncio.sleep(0, result=0), window_s=1)
    assert (alone.rows[0].query, alone.rows[0].calls_per_request, passive.rows[0].query) == (SLOW, None, SLOW)


async def test_a_statement_that_never_ends_is_seen(tables: Database, pg: Postgres):
    """It waits for a lock and never reaches a counter: pg_stat_activity shows it, and that it waits."""
    holder, waiter = await asyncpg.connect(tables.dsn), await asyncpg.connect(tables.dsn)
    try:
        await holder.execute("begin; update items set word = 'x' where id = 1")
        waiting = asyncio.create_task(waiter.execute("update items set word = 'y' where id = 1"))
        found = await statements_by_total_time(pg, window_s=1)
        await holder.execute("rollback")
        await waiting
    finally:
        await holder.close()
        await waiter.close()
    first = found.rows[0]
    assert (first.source, first.lock_wait_pct, first.active_samples > 3, "'y'" in first.query) == ("pg_stat_activity", 100.0, True, False)


async def test_a_given_query_comes_first_with_what_was_measured_of_it(tables: Database, pg: Postgres):
    """Values and spacing differ from what the application sends: it is still recognised. Its strings are masked, its raw text kept."""
    query = "select word  from items where id = 7 and word <> 'secret'"
    sent = "select word from items where id = $1 and word <> $2"
    found = await statements_by_total_time(
        pg, during=lambda: requests(tables, 4, (SLOW, 1, 300_000, 7, 1), (sent, 7, "q")), query=query, window_s=1
    )
    first = found.rows[0]
    assert (first.source, first.calls, first.query.raw, "secret" in str(first.query)) == ("given", 4.0, query, False)
    assert found.rows[1].query == SLOW


async def test_values_in_the_text_are_kept_for_the_plan(tables: Database, pg: Postgres):
    """An application that writes its values into the text: shown normalised, examined as sent."""
    query = "select count(*) from generate_series(1, 400000) i where i % 7 = 5"
    async with traffic(tables, query, pause_s=0):
        found = await statements_by_total_time(pg, window_s=1)
    assert (found.rows[0].query, found.rows[0].query.raw) == ("select count(*) from generate_series($1, $2) i where i % $3 = $4", query)


async def test_our_own_questions_are_left_out(tables: Database, pg: Postgres):
    """On a silent server nothing is found, although this program asks all the time."""
    found = await statements_by_total_time(pg, window_s=0.5)
    assert (found.status, list(found.rows)) == (Status.OK, [])


async def test_a_role_that_may_not_see_is_blind(tables: Database, reading: Opened):
    """Somebody else's statements took the time: UNKNOWN, with the GRANT; a given query is examined all the same."""
    await tables.run("create role blind_reader login password 'secret-blind-reader'")
    try:
        pg = await reading(tables.as_role("blind_reader", "secret-blind-reader"))
        async with traffic(tables, SLOW, 1, 200_000, 7, 2):
            blind = await statements_by_total_time(pg, window_s=1)
            given = await statements_by_total_time(pg, query="select 1", window_s=1)
        await pg.close()
    finally:
        await tables.run("drop role blind_reader")
    assert (blind.status, "GRANT pg_read_all_stats" in blind.remedy) == (Status.UNKNOWN, True)
    assert (given.status, given.rows[0].source) == (Status.OK, "given")


async def test_without_the_extension_looking_is_enough(own_database: str, own_pg: Postgres):
    """pg_stat_statements is not there: the rows are what was seen running, and the reason says so."""
    async with traffic(Database(own_database), SLOW, 1, 400_000, 7, 2, pause_s=0):
        found = await statements_by_total_time(own_pg, window_s=1)
    assert (found.rows[0].query, found.rows[0].source, "CREATE EXTENSION" in found.reason) == (SLOW, "pg_stat_activity", True)


async def test_the_extension_is_found_in_any_schema(own_database: str, own_pg: Postgres):
    """Providers install it in a schema of their own, outside search_path."""
    database = Database(own_database)
    await database.run('create schema "Ext ensions"', 'create extension pg_stat_statements schema "Ext ensions"')
    async with traffic(database, SLOW, 1, 200_000, 7, 2):
        found = await statements_by_total_time(own_pg, window_s=1)
    assert (found.rows[0].query, found.rows[0].source) == (SLOW, "pg_stat_statements")


async def test_a_dead_server_is_a_system_problem(tables: Database, reading: Opened):
    """It is not caught here: the incident makes it UNKNOWN."""
    pg = await reading()
    pg._dsn = "postgresql://nobody:x@127.0.0.1:1/x"
    with pytest.raises(Unreachable):
        await statements_by_total_time(pg, window_s=0.2)
