"""Who holds back dead rows, on a real server."""

import contextlib

import asyncpg
import pytest

from helpers.postgres.dead_tables import read_dead_tables
from helpers.postgres.horizon import read_holders, sessions_that_hold_dead_rows

MAKE = """create schema "Odd Schema"; create table "Odd Schema"."Row's" (id int primary key, n int) with (autovacuum_enabled = off);
    insert into "Odd Schema"."Row's" select i, 0 from generate_series(1, 1000) i; analyze "Odd Schema"."Row's" """
TABLE = '''"Odd Schema"."Row's"'''


async def connect(dsn: str, name: str = "setup") -> asyncpg.Connection:
    return await asyncpg.connect(dsn, server_settings={"application_name": name})


async def killed(dsn: str, *, times: int = 12, vacuum: bool = True) -> None:
    """Update every row `times` times; the session's end makes the server count them."""
    writer = await connect(dsn)
    for _ in range(times):
        await writer.execute(f"update {TABLE} set n = n + 1")
    await writer.close()
    if vacuum:
        writer = await connect(dsn)
        await writer.execute(f"vacuum {TABLE}")
        await writer.close()


@contextlib.asynccontextmanager
async def snapshot(dsn: str, begin: str):
    """A session named `export's` that holds what `begin` makes it hold."""
    holder = await connect(dsn, "export's")
    await holder.execute(begin)
    try:
        yield holder.get_server_pid()
    finally:
        holder.terminate()


@pytest.fixture
async def table(own_database) -> str:
    admin = await connect(own_database)
    await admin.execute(MAKE)
    await admin.close()
    return own_database


@pytest.mark.parametrize("begin", ["begin isolation level repeatable read; select 1 from pg_class", "begin; select txid_current()"])
async def test_a_session_whose_snapshot_outlived_a_vacuum_holds_the_dead_rows(table, own_pg, begin):
    """By a snapshot of its own, or by a transaction id; the table is named as the server writes it."""
    async with snapshot(table, begin) as pid:
        await killed(table)
        assert await sessions_that_hold_dead_rows(own_pg) == {pid: [TABLE]}


async def test_dead_rows_that_no_vacuum_has_tried_to_remove_prove_nothing(table, own_pg):
    """The session is the oldest, and nobody knows yet whether it holds anything back."""
    async with snapshot(table, "begin isolation level repeatable read; select 1 from pg_class") as pid:
        await killed(table, vacuum=False)
        assert ([h.pid for h in await read_holders(own_pg)], await sessions_that_hold_dead_rows(own_pg)) == ([pid], {})


async def test_a_snapshot_younger_than_the_vacuum_is_not_blamed(table, own_pg):
    """An older one is: rows that were left then cannot be the younger one's."""
    async with snapshot(table, "begin isolation level repeatable read; select 1 from pg_class") as old:
        await killed(table)
        async with snapshot(table, "begin isolation level repeatable read; select 1 from pg_class"):
            assert await sessions_that_hold_dead_rows(own_pg) == {old: [TABLE]}


async def test_few_dead_rows_do_not_matter(table, own_pg):
    """They are counted, against the trigger of a table of 5,000 dead rows."""
    async with snapshot(table, "begin isolation level repeatable read; select 1 from pg_class"):
        await killed(table, times=3)
        tables = await read_dead_tables(own_pg)
        assert ([(t.table, t.dead_rows, t.pct, t.enabled, t.options) for t in tables], await sessions_that_hold_dead_rows(own_pg)) == (
            [(TABLE, 3000, 60.0, False, ["autovacuum_enabled=off"])],
            {},
        )


async def test_a_session_of_another_database_holds_nothing_here(table, own_pg, sandbox_server):
    """Its tables are not ours."""
    async with snapshot(sandbox_server.admin_dsn, "begin; select txid_current()"):
        assert await read_holders(own_pg) == []
