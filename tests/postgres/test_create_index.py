"""An index is made without blocking, and taken away again without a trace."""

import asyncio
import subprocess

import asyncpg
import pytest
import pytest_asyncio

from helpers.errors import FixFailed, ParameterError
from helpers.postgres.checks.invalid_indexes import invalid_indexes
from helpers.postgres.connect import Postgres
from helpers.postgres.fixes.create_index import CreateIndex
from helpers.postgres.write import PostgresWriter
from helpers.results import Status
from tests.postgres.conftest import Database, binaries

HOSTILE = 'a"; drop table orders; --'

TABLES = [
    "create table orders (id int primary key, customer_id int, email text, status text, data jsonb)",
    "insert into orders select i, i % 500, 'E' || i, 'done', '{}' from generate_series(1, 20000) i",
    'create schema "Sales Ops"',
    f'create table "Sales Ops"."Order" ("customerId" int, "{HOSTILE.replace(chr(34), chr(34) * 2)}" int)',
    "create table events (tenant_id int, at date) partition by range (at)",
    "create table events_1 partition of events for values from ('2024-01-01') to ('2024-02-01')",
    "create table events_2 partition of events for values from ('2024-02-01') to ('2024-03-01') partition by range (at)",
    "create table events_2a partition of events_2 for values from ('2024-02-01') to ('2024-02-15')",
    "insert into events select i % 50, '2024-01-01'::date + i % 45 from generate_series(1, 5000) i",
    "analyze",
]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tables(database: Database) -> Database:
    await database.run(*TABLES)
    return database


def schema_of(database: Database) -> str:
    """The schema as pg_dump writes it, its random key left out."""
    done = subprocess.run([binaries() / "pg_dump", "--schema-only", database.dsn], capture_output=True, text=True, check=True, timeout=60)
    return "\n".join(line for line in done.stdout.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))


async def apply(fix: CreateIndex, pg: Postgres, writer: PostgresWriter) -> dict:
    preview = await fix.preview(pg)
    await fix.apply(writer, preview)
    return preview.inverse


CASES = {
    "plain": ("orders", ["customer_id"]),
    "two columns": ("public.orders", ["status", "customer_id DESC"]),
    "expression": ("orders", ["lower(email)"]),
    "operator expression": ("orders", ["(data ->> 'k'::text)"]),
    "operator class": ("orders", ["email text_pattern_ops"]),
    "mixed case": ('"Sales Ops"."Order"', ['"customerId"']),
    "hostile column": ('"Sales Ops"."Order"', ['"' + HOSTILE.replace('"', '""') + '"']),
    "partitioned": ("events", ["tenant_id", "at"]),
    "long": ("orders", ["lower(email)", "customer_id", "status", "(data ->> 'a rather long key'::text)"]),
}


@pytest.mark.parametrize("case", CASES)
async def test_it_is_made_and_undo_leaves_the_schema_as_it_was(case: str, tables: Database, pg: Postgres, writer: PostgresWriter):
    """The index is valid after apply; after undo pg_dump says what it said before."""
    fix = CreateIndex(*CASES[case])
    before = await asyncio.to_thread(schema_of, tables)
    inverse = await apply(fix, pg, writer)
    said = await fix.read_back(pg)
    between = await asyncio.to_thread(schema_of, tables)
    await fix.undo(writer, inverse)
    await fix.undo(writer, inverse)
    after = await asyncio.to_thread(schema_of, tables)
    assert ("is valid and ready" in said, between != before, after == before) == (True, True, True)


async def test_a_preview_changes_nothing(tables: Database, pg: Postgres):
    """The preview names the exact statement, its way back, size and locks, and leaves the schema alone."""
    before = await asyncio.to_thread(schema_of, tables)
    preview = await CreateIndex("orders", ["customer_id"]).preview(pg)
    assert preview.statements == ["CREATE INDEX CONCURRENTLY orders_customer_id_idx ON public.orders USING btree (customer_id)"]
    assert preview.undo_statements == ["DROP INDEX CONCURRENTLY IF EXISTS public.orders_customer_id_idx"]
    assert "20,000 rows" in preview.effects[0]
    assert await asyncio.to_thread(schema_of, tables) == before


async def test_an_index_that_serves_makes_it_needless(tables: Database, pg: Postgres):
    """The primary key serves its column: there is nothing to do."""
    preview = await CreateIndex("orders", ["id"]).preview(pg)
    assert (preview.needed, preview.statements, preview.effects) == (False, [], ["The index orders_pkey serves already: nothing to do."])


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("nowhere", ["id"]),
        ("orders; drop table orders", ["id"]),
        ("orders", []),
        ("orders", ["nothing"]),
        ("orders", ["id) where (true"]),
        ("orders", ["id, customer_id"]),
        ("orders", ["id; drop table orders"]),
        ("orders", ["id -- x"]),
        ("orders", ["id) tablespace pg_global; --"]),
        ("orders", ["DESC"]),
        ("pg_stat_activity", ["pid"]),
    ],
)
async def test_bad_input_is_refused(table: str, columns: list[str], tables: Database, pg: Postgres):
    """What is no table, column or expression of it never reaches the server as DDL."""
    with pytest.raises(ParameterError):
        await CreateIndex(table, columns).preview(pg)


async def test_a_name_never_collides(tables: Database, pg: Postgres):
    """A relation with the made-up name makes it take the next; a given name that is taken is refused."""
    await tables.run("create table orders_status_idx (x int)")
    try:
        preview = await CreateIndex("orders", ["status"]).preview(pg)
        with pytest.raises(ParameterError):
            await CreateIndex("orders", ["status"], index_name="orders_status_idx").preview(pg)
    finally:
        await tables.run("drop table orders_status_idx")
    assert preview.inverse["indexes"][0]["index"] == "orders_status_2_idx"


async def test_names_fit_and_are_stable(tables: Database, pg: Postgres):
    """A long name is cut to 63 bytes with a digest of the whole, the same every time."""
    names = [(await CreateIndex(*CASES["long"]).preview(pg)).inverse["indexes"][0]["index"] for _ in range(2)]
    assert (names[0] == names[1], len(names[0].encode()) <= 63) == (True, True)


async def test_a_partial_index_is_made(tables: Database, pg: Postgres, writer: PostgresWriter):
    """The predicate reaches the index."""
    fix = CreateIndex("orders", ["customer_id"], where="status = 'failed'")
    inverse = await apply(fix, pg, writer)
    rows = await pg.fetch("select indexdef from pg_indexes where indexname = $1", inverse["indexes"][0]["index"])
    await fix.undo(writer, inverse)
    assert rows[0]["indexdef"].endswith("WHERE (status = 'failed'::text)")


async def test_an_old_transaction_is_named_and_the_build_not_begun(tables: Database, pg: Postgres, writer: PostgresWriter):
    """Who would stall the build stands in the preview, and nothing is begun while it is there."""
    holder = await asyncpg.connect(tables.dsn, server_settings={"application_name": "old-batch"})
    try:
        await holder.execute("begin; update orders set status = status where id = 1")
        fix = CreateIndex("orders", ["customer_id"], lock_timeout_s=0.3)
        preview = await fix.preview(pg)
        async with asyncio.timeout(20):
            while "old-batch" not in " ".join(preview.effects):
                preview = await fix.preview(pg)
        with pytest.raises(FixFailed, match=r"old-batch.*Nothing was begun"):
            await fix.apply(writer, preview)
    finally:
        await holder.close()


async def test_a_build_that_fails_leaves_nothing(tables: Database, pg: Postgres, writer: PostgresWriter):
    """A transaction that begins after the preview stalls it: it gives up, and its INVALID index is dropped as soon as that can be."""
    holder = await asyncpg.connect(tables.dsn)
    try:
        fix = CreateIndex("orders", ["customer_id"], lock_timeout_s=1)
        preview = await fix.preview(pg)
        await holder.execute("begin; update orders set status = status where id = 1")
        building = asyncio.create_task(fix.apply(writer, preview))
        async with asyncio.timeout(20):
            while not await pg.fetch("select 1 from pg_stat_activity where query like 'DROP INDEX%' and state = 'active'"):
                await asyncio.sleep(0.05)
        left = await invalid_indexes(pg)
        await holder.execute("rollback")
        with pytest.raises(FixFailed, match="Nothing is left behind"):
            await building
    finally:
        await holder.close()
    assert (left.status, (await invalid_indexes(pg)).status) == (Status.PROBLEM, Status.OK)


async def test_progress_is_told(tables: Database, pg: Postgres, writer: PostgresWriter):
    """While a build waits, its phase and whom it waits for are told."""
    said: list[str] = []
    holder = await asyncpg.connect(tables.dsn)
    try:
        await holder.execute("begin; update orders set status = status where id = 1")
        fix = CreateIndex("orders", ["customer_id"], lock_timeout_s=2).told(said.append)
        preview = await fix.preview(pg)
        building = asyncio.create_task(fix.apply(writer, preview))
        async with asyncio.timeout(20):
            while not any("waiting" in s for s in said):
                await asyncio.sleep(0.05)
    finally:
        await holder.close()
    await building
    await fix.undo(writer, preview.inverse)
    assert "waits for pid" in " ".join(said)


async def test_undo_after_kill_in_the_middle_of_the_build(tables: Database, pg: Postgres, writer: PostgresWriter):
    """The program is gone, its backend builds on: undo ends that backend and drops the INVALID index."""
    before = await asyncio.to_thread(schema_of, tables)
    holder = await asyncpg.connect(tables.dsn)
    killed = await PostgresWriter.connect(tables.dsn, application_name="runbook:killed")
    try:
        await holder.execute("begin; update orders set status = status where id = 1")
        fix = CreateIndex("orders", ["customer_id"], lock_timeout_s=30)
        preview = await fix.preview(pg)
        inverse = {**preview.inverse, "application_name": "runbook:killed"}
        building = asyncio.create_task(fix.apply(killed, preview))
        async with asyncio.timeout(20):
            while not await pg.fetch("select 1 from pg_stat_progress_create_index where phase like 'waiting%'"):
                await asyncio.sleep(0.05)
        killed._connection._transport.abort()
        await holder.execute("rollback")
        await fix.undo(writer, inverse)
        with pytest.raises(FixFailed):
            await building
    finally:
        await holder.close()
        await killed.close()
    assert await asyncio.to_thread(schema_of, tables) == before


@pytest.mark.parametrize("done", range(1, 8))
async def test_undo_after_a_crash_between_partitions(done: int, tables: Database, pg: Postgres, writer: PostgresWriter):
    """However many of the statements of a partitioned table's index ran, undo takes away what they made."""
    before = await asyncio.to_thread(schema_of, tables)
    fix = CreateIndex("events", ["tenant_id"])
    preview = await fix.preview(pg)
    for statement in preview.statements[:done]:
        await writer.execute(statement)
    await fix.undo(writer, preview.inverse)
    assert (len(preview.statements), await asyncio.to_thread(schema_of, tables)) == (7, before)


async def test_undo_leaves_an_index_of_another_table_alone(tables: Database, writer: PostgresWriter):
    """An index with that name on another table is not ours: it stays."""
    await tables.run("create table other (x int)", "create index other_x on other (x)")
    inverse = {"indexes": [{"schema": "public", "index": "other_x", "table": "orders", "leaf": True}]}
    await CreateIndex("orders", ["customer_id"]).undo(writer, inverse)
    rows = await writer.execute("select 1 from pg_indexes where indexname = 'other_x'")
    await tables.run("drop table other")
    assert len(rows) == 1


async def test_the_patch_is_a_migration(tables: Database, pg: Postgres):
    """The text for a pull request holds the statement and its way back."""
    fix = CreateIndex("orders", ["customer_id"])
    text = fix.patch(await fix.preview(pg))
    assert ("CREATE INDEX CONCURRENTLY orders_customer_id_idx" in text, "-- DROP INDEX CONCURRENTLY IF EXISTS" in text) == (True, True)


async def test_a_reader_role_cannot_apply_it(tables: Database, pg: Postgres):
    """Without the owner's right the fix fails, and says so."""
    await tables.run("create role index_reader login password 'secret-index-reader'", "grant select on orders to index_reader")
    stranger = await PostgresWriter.connect(tables.as_role("index_reader", "secret-index-reader"), application_name="runbook:test")
    try:
        fix = CreateIndex("orders", ["customer_id"])
        with pytest.raises(FixFailed, match="must be owner"):
            await fix.apply(stranger, await fix.preview(pg))
    finally:
        await stranger.close()
        await tables.run("drop owned by index_reader", "drop role index_reader")
