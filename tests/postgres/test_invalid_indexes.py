"""Indexes that cost every write and serve no read."""

import asyncpg
import pytest

from helpers.errors import Unreachable
from helpers.postgres.checks.invalid_indexes import invalid_indexes
from helpers.postgres.connect import Postgres
from helpers.results import Status
from tests.postgres.conftest import Database


async def test_a_failed_build_is_found(own_database: str, own_pg: Postgres):
    """A unique index over duplicates, built concurrently, fails and stays."""
    database = Database(own_database)
    await database.run('create table "T t" (a int)', 'insert into "T t" values (1), (1)')
    with pytest.raises(asyncpg.UniqueViolationError):
        await database.run('create unique index concurrently "the Index" on "T t" (a)')
    found = await invalid_indexes(own_pg)
    assert (found.status, [(r.index, r.table) for r in found]) == (Status.PROBLEM, [('"the Index"', '"T t"')])


async def test_a_sound_database_is_ok(own_database: str, own_pg: Postgres):
    """Valid indexes are not reported."""
    await Database(own_database).run("create table t (a int primary key)")
    found = await invalid_indexes(own_pg)
    assert (found.status, list(found)) == (Status.OK, [])


async def test_a_dead_server_is_a_system_problem(own_pg: Postgres):
    """It is not caught here: the incident makes it UNKNOWN."""
    own_pg._dsn = "postgresql://nobody:x@127.0.0.1:1/x"
    own_pg._connection.terminate()
    with pytest.raises(Unreachable):
        await invalid_indexes(own_pg)
