"""A missing index is told apart from everything that looks like one, on a real server."""

import asyncio

import asyncpg
import pytest
import pytest_asyncio

from helpers.errors import Refused, SystemProblem, Unreachable
from helpers.postgres.checks.missing_index import missing_index
from helpers.postgres.checks.statements_by_total_time import Statement
from helpers.postgres.connect import Postgres
from helpers.postgres.statements import StatementText
from helpers.results import CheckResult, Diagnosis, Status
from tests.postgres.conftest import Database, Opened

TABLES = [
    "create table customers (id int primary key, email text not null, name varchar(40))",
    "insert into customers select i, 'User' || i || '@example.com', 'n' || i from generate_series(1, 20000) i",
    "create table orders (id int primary key, customer_id int, status varchar(20), at timestamptz, note text, total numeric)",
    "insert into orders select i, i % 3000, case when i % 200 = 0 then 'failed' else 'done' end, "
    "'2024-01-01'::timestamptz + i * interval '1 minute', 'n' || i, i from generate_series(1, 60000) i",
    'create schema "Sales Ops"',
    'create table "Sales Ops"."Order" ("orderId" int, "customerId" int, "a""; drop table x; --" int)',
    'insert into "Sales Ops"."Order" select i, i % 2000, i % 2000 from generate_series(1, 40000) i',
    "create table entries (account_id int, at date, memo text) partition by range (at)",
    "create table entries_1 partition of entries for values from ('2024-01-01') to ('2024-02-01')",
    "create table entries_2 partition of entries for values from ('2024-02-01') to ('2024-03-01')",
    "insert into entries select i % 2000, '2024-01-01'::date + i % 55, 'm' from generate_series(1, 40000) i",
    "create table events (tenant_id int, created_at timestamptz, kind text)",
    "insert into events select i % 40, '2024-01-01'::timestamptz + i * interval '1 minute', 'k' from generate_series(1, 60000) i",
    "create table broken (a int, b int)",
    "insert into broken select i % 3000, i from generate_series(1, 60000) i",
    "create table parcels (state text, b int, filler text) with (autovacuum_enabled = off)",
    "insert into parcels select case when i % 20 = 0 then 'delivered' else 'pending' end, i, 'x' from generate_series(1, 20000) i",
    "create index parcels_state_idx on parcels (state)",
    "create table tiny (a int)",
    "insert into tiny select i from generate_series(1, 500) i",
    "analyze",
    "insert into parcels select case when i % 10000 = 0 then 'lost' else 'delivered' end, i, repeat('x', 90) from generate_series(1, 90000) i",
    "update parcels set state = 'delivered' where state = 'pending' and b <> 7",
    "vacuum parcels",
]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tables(database: Database) -> Database:
    await database.run(*TABLES)
    connection = await asyncpg.connect(database.dsn)
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute("create unique index concurrently broken_a_key on broken (a)")
    await connection.close()
    return database


def given(query: str, **changes: object) -> list[Statement]:
    values = {"calls": 0.0, "rows_per_call": 0.0, "active_samples": 0, "lock_wait_pct": 0.0, "source": "given", **changes}
    fixed = {"query_id": None, "calls_per_request": None, "total_ms": 0.0, "mean_ms": 0.0, "share_pct": 100.0}
    return [Statement(query=StatementText(query, query), **fixed, **values)]


async def diagnosed(pg: Postgres, query: str, **changes: object) -> Diagnosis:
    return await missing_index(pg, statements=given(query, **changes))


MISSING = {
    "equality": ("select * from orders where customer_id = 42", "orders(customer_id)"),
    "parameter": ("select * from orders where customer_id = $1", "orders(customer_id)"),
    "any": ("select * from orders where customer_id = any ('{1,2,3}')", "orders(customer_id)"),
    "update": ("update orders set note = 'x' where customer_id = 42", "orders(customer_id)"),
    "delete with parameter": ("delete from orders where customer_id = $1", "orders(customer_id)"),
    "count": ("select count(*) from orders where customer_id = 42", "orders(customer_id)"),
    "varchar": ("select * from orders where status = 'failed' and note like '%9%'", "orders(status)"),
    "text and constant": ("select * from orders where status = 'failed' and customer_id = 42", "orders(customer_id)"),
    "join": (
        "select o.* from orders o join customers c on c.id = o.customer_id where c.email = 'User7@example.com' and c.id > 0",
        "orders(customer_id)",
    ),
    "correlated subquery": (
        "select c.id, (select count(*) from orders o where o.customer_id = c.id) from customers c where c.id < 4",
        "orders(customer_id)",
    ),
    "mixed case": ('select * from "Sales Ops"."Order" where "customerId" = 7', '"Sales Ops"."Order"("customerId")'),
    "hostile name": (
        'select * from "Sales Ops"."Order" x where x."a""; drop table x; --" = $1',
        '"Sales Ops"."Order"("a""; drop table x; --")',
    ),
    "partitioned": ("select * from entries where account_id = 7", "entries(account_id)"),
    "one partition": ("select * from entries where account_id = 7 and at = '2024-01-09'", "entries(account_id)"),
    "expression": ("select * from customers where lower(email) = 'user42@example.com'", "customers(lower(email))"),
    "expression on varchar": ("select * from customers where upper(name) = 'N42'", "customers(upper((name)::text))"),
    "prefix": ("select * from customers where email like 'User42%'", "customers(email)"),
    "equality and range": ("select * from events where tenant_id = 7 and created_at >= '2024-02-08'", "events(tenant_id, created_at)"),
    "between": ("select * from events where created_at between '2024-02-08' and '2024-02-08 03:00'", "events(created_at)"),
    "top n": ("select * from orders order by at desc limit 10", "orders(at)"),
    "top n of a group": ("select * from events where tenant_id = 7 order by created_at desc limit 10", "events(tenant_id, created_at)"),
    "max and group": (
        "select kind, max(created_at) from events where tenant_id = 7 and created_at > '2024-02-09' group by kind",
        "events(tenant_id, created_at)",
    ),
}


@pytest.mark.parametrize("case", MISSING)
async def test_the_missing_index_is_named(case: str, tables: Database, pg: Postgres):
    """Table and columns are named as SQL, and are the arguments of the fix."""
    query, subject = MISSING[case]
    found = await diagnosed(pg, query)
    named = f"{found.target.get('table')}({', '.join(found.target.get('columns', []))})"
    assert (found.code, found.subject, named) == ("missing_index", subject, subject), found.summary


NO_CAUSE = {
    "primary key": ("select * from orders where id = 42", Status.OK, "plan is good"),
    "tiny table": ("select * from tiny where a = 4", Status.OK, "plan is good"),
    "no table": ("select 1", Status.OK, "reads no table"),
    "whole table": ("select count(*) from orders", Status.OK, "rightly reads most"),
    "most rows": ("select * from orders where status = 'done'", Status.OK, "rightly reads most"),
    "most rows summed": ("select sum(total) from orders where at > '2024-01-03'", Status.OK, "rightly reads most"),
    "every row is deleted": ("delete from orders", Status.OK, "rightly reads most"),
    "cast on the column": ("select * from orders where customer_id::numeric = 42", Status.OK, "compare it with a value of type integer"),
    "date of a timestamp": ("select * from orders where at::date = '2024-01-09'", Status.OK, "casts the column at"),
    "leading wildcard": ("select * from orders where note like '%42'", Status.OK, "begins with a wildcard"),
    "or across columns": ("select * from orders where customer_id = 42 or total = 7", Status.OK, "joins conditions by OR"),
    "volatile": ("select * from orders where total = (random() * 1e9)::int", Status.OK, "volatile"),
    "arithmetic on two columns": ("select * from orders where total = customer_id + 1.5", Status.OK, "two columns of the same row"),
    "some rows": ("select * from orders where at < '2024-01-05 12:00'", Status.UNKNOWN, "depends on how the rows lie"),
    "range parameter": ("select * from orders where at > $1", Status.UNKNOWN, "Give the query with its values"),
    "no such table": ("select * from nowhere where a = 1", Status.UNKNOWN, "could not be explained"),
    "no SQL": ("bring me the orders", Status.UNKNOWN, "could not be explained"),
    "two statements": ("select 1; select * from orders", Status.UNKNOWN, "could not be explained"),
}


@pytest.mark.parametrize("case", NO_CAUSE)
async def test_no_cause_is_named_where_no_index_would_help(case: str, tables: Database, pg: Postgres):
    """The status is OK or UNKNOWN, the code None, and the sentence says what to do."""
    query, status, said = NO_CAUSE[case]
    found = await diagnosed(pg, query)
    assert (found.status, found.code, said in found.summary) == (status, None, True), found.summary


async def test_stale_statistics_are_no_missing_index(tables: Database, pg: Postgres):
    """The index is there and the estimate is off by more than ten, as the table changed since ANALYZE."""
    found = await diagnosed(pg, "select * from parcels where state = 'pending'")
    assert (found.code, found.subject, found.facts["estimate_off_by"] >= 10) == ("stale_statistics", "parcels(state)", True), found.summary


async def test_an_invalid_index_is_no_missing_index(tables: Database, pg: Postgres):
    """An index on the very column exists, and is not valid."""
    found = await diagnosed(pg, "select * from broken where a = 42")
    assert (found.code, found.subject, found.target) == ("invalid_index", "broken_a_key", {"index": "broken_a_key"})


async def test_an_index_that_is_being_built_is_waited_for(tables: Database, pg: Postgres):
    """While its build is in progress nothing is named."""
    holder, builder = await asyncpg.connect(tables.dsn), await asyncpg.connect(tables.dsn)
    try:
        await holder.execute("begin; update orders set note = note where id = 1")
        building = asyncio.create_task(builder.execute("create index concurrently being_built on orders (customer_id)"))
        async with asyncio.timeout(20):
            while not await pg.fetch("select 1 from pg_stat_progress_create_index where phase like 'waiting%'"):
                await asyncio.sleep(0.05)
        found = await diagnosed(pg, "select * from orders where customer_id = 42")
        await holder.execute("rollback")
        await building
        await builder.execute("drop index being_built")
    finally:
        await holder.close()
        await builder.close()
    assert (found.status, found.code, "is being built" in found.summary) == (Status.UNKNOWN, None, True)


async def test_a_wait_for_locks_that_has_ended_is_unknown(tables: Database, pg: Postgres):
    """Most times it was looked at, the statement waited for a lock; nobody does now, so nobody can tell which."""
    found = await diagnosed(pg, "update orders set note = 'x' where customer_id = $1", active_samples=20, lock_wait_pct=90.0)
    assert (found.status, found.code, "waited for a lock" in found.summary) == (Status.UNKNOWN, None, True)


async def test_a_locked_table_is_lock_contention(tables: Database, pg: Postgres):
    """Even planning the statement waits, and so does a client: the session that holds the table is named."""
    holder, client = await asyncpg.connect(tables.dsn), await asyncpg.connect(tables.dsn)
    try:
        await holder.execute("begin; lock table tiny")
        waiting = asyncio.create_task(client.fetch("select * from tiny where a = 1"))
        found = await diagnosed(pg, "select * from tiny where a = 1")
        name = f"pid {holder.get_server_pid()} (no application_name)"
    finally:
        await holder.close()
        await waiting
        await client.close()
    assert (found.code, found.subject) == ("lock_contention", name)


async def test_without_the_right_to_explain_it_is_unknown(tables: Database, reading: Opened):
    """The role may not read the table: the remedy is the GRANT."""
    await tables.run("create role plan_stranger login password 'secret-plan-stranger'")
    try:
        found = await diagnosed(
            await reading(tables.as_role("plan_stranger", "secret-plan-stranger")), "select * from orders where customer_id = 42"
        )
    finally:
        await tables.run("drop role plan_stranger")
    assert (found.status, found.code, "GRANT SELECT ON orders" in found.against[0]) == (Status.UNKNOWN, None, True)


async def test_a_statement_too_slow_to_run_is_judged_by_counting(tables: Database, pg: Postgres):
    """It is cut off after its time, and the rows are counted instead."""
    found = await missing_index(pg, statements=given("select *, pg_sleep(0.2) from orders where customer_id = 42"), analyze_s=0.3)
    assert (found.code, found.facts["kept_by"]) == ("missing_index", "counted")


async def test_what_live_traffic_sent_is_not_run_when_it_may_act(tables: Database, pg: Postgres):
    """A volatile function in a statement nobody gave: it is explained and counted, never run."""
    found = await diagnosed(pg, "select *, pg_advisory_lock(7) from orders where customer_id = 42", source="pg_stat_activity")
    assert (found.code, found.facts["kept_by"], found.facts["execution_ms"]) == ("missing_index", "counted", None)


@pytest.mark.parametrize("query", ["delete from tiny", "with gone as (delete from tiny returning *) select * from gone"])
async def test_a_statement_that_writes_is_never_run(query: str, tables: Database, pg: Postgres):
    """EXPLAIN ANALYZE of it is refused by the server; the rows are still there."""
    await diagnosed(pg, query)
    with pytest.raises(SystemProblem):
        await pg.explain(query, analyze=True)
    assert await pg.value("select count(*) from tiny") == 500


async def test_no_statements_is_ok_or_unknown_as_they_were(pg: Postgres):
    """Nothing ran: OK. They could not be seen: UNKNOWN, with the remedy."""
    nothing = await missing_index(pg, statements=CheckResult(Status.OK))
    blind = await missing_index(pg, statements=CheckResult(Status.UNKNOWN, reason="blind", remedy="GRANT x"))
    assert (nothing.status, blind.status, list(blind.against)) == (Status.OK, Status.UNKNOWN, ["GRANT x"])


async def test_a_dead_server_is_a_system_problem(tables: Database, reading: Opened):
    """It is not caught here: the incident makes it UNKNOWN."""
    pg = await reading()
    pg._dsn = "postgresql://nobody:x@127.0.0.1:1/x"
    pg._connection.terminate()
    with pytest.raises(Unreachable):
        await diagnosed(pg, "select * from orders where customer_id = 42")
    assert not issubclass(Unreachable, Refused)


async def test_rows_of_partitions_are_counted_together(tables: Database, pg: Postgres):
    """With a parameter the plan is generic: rows read and kept are those of all partitions it reads, or of the one it is pruned to."""
    every = await diagnosed(pg, "select * from entries where account_id = $1")
    one = await diagnosed(pg, "select * from entries where account_id = $1 and at = '2024-01-09'")
    assert (every.facts["read_rows"], every.facts["kept_rows"], one.facts["read_rows"] < 25_000) == (40_000, 20, True)
