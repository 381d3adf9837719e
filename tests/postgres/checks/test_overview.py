"""Every check at once: on a sound server, while it burns, for a role that may see nothing, on a standby."""

import asyncpg
import pytest
import pytest_asyncio

from helpers.errors import Unreachable
from helpers.postgres.checks.overview import Answer, judge, overview, quick_checks
from helpers.postgres.connect import Postgres
from helpers.results import Status
from helpers.sandbox import Sandbox
from tests.postgres.conftest import Database

BLIND = {
    "extensions", "horizon_holders", "lock_tree", "long_running_statements", "long_transactions", "session_activity",
    "sessions_idle_in_transaction", "ssl_in_use",
}  # fmt: skip
# What a sound server may leave unknown: nothing given to compare with, fewer reads than a cache holds, no checksums before 18's initdb.
HONEST = {"schema_differences", "cache_hit_ratio", "checksum_failures"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def own_server():
    """A sandbox nobody else has touched."""
    async with Sandbox.start(services=("postgres",), load_rps=0, rows=5000) as sandbox:
        yield sandbox


def having(result, status):
    return {a.check: a.said for a in result if a.status == status}


async def test_a_sound_server_has_one_problem_its_own(own_server):
    """The sandbox runs without fsync, and says so; nothing else, and nothing unknown."""
    pg = await Postgres.connect(own_server.postgres_dsn)
    found = await overview(pg)
    await pg.close()
    assert (set(having(found, "PROBLEM")), set(having(found, "UNKNOWN")) - HONEST) == ({"settings_review"}, set())
    assert (len(found) >= 40, set(having(found, "SKIPPED")) >= {"replication_lag", "standby_delay"}) == (True, True)


async def test_no_check_waits_for_a_lock(own_server):
    """Every table and index held ACCESS EXCLUSIVE: every check answers all the same."""
    admin = await asyncpg.connect(own_server.admin_dsn)
    await admin.execute("create table odd (a int, b text); create index on odd (lower(b)) where a > 1; insert into odd values (1, 'x')")
    await admin.execute("begin; lock table customers, orders, order_items, odd in access exclusive mode")
    pg = await Postgres.connect(own_server.postgres_dsn)
    found = await overview(pg)
    await admin.execute("rollback; drop table odd")
    await admin.close()
    await pg.close()
    assert (set(having(found, "PROBLEM")), set(having(found, "UNKNOWN")) - HONEST) == ({"settings_review"}, set())


async def test_a_role_without_rights_is_told_what_it_cannot_know(own_server):
    """UNKNOWN where other sessions are hidden, each with a remedy; no check breaks, none calls it sound."""
    await Database(own_server.admin_dsn).run("create role nobody_much login password 'secret-nobody'")
    pg = await Postgres.connect(Database(own_server.admin_dsn).as_role("nobody_much", "secret-nobody"))
    found = await overview(pg)
    await pg.close()
    await Database(own_server.admin_dsn).run("drop role nobody_much")
    unknown = {a.check: a for a in found if a.status == Status.UNKNOWN}
    assert (set(unknown) >= BLIND, [a.check for a in unknown.values() if not a.remedy and a.check not in HONEST], set(having(found, "PROBLEM"))) == (
        True, [], {"settings_review"},
    )  # fmt: skip


async def test_a_thousand_tables_are_no_burden(own_server):
    """Ten times as many were tried by hand; each question is bounded, none runs out of its two seconds."""
    admin = await asyncpg.connect(own_server.admin_dsn)
    await admin.execute("create database crowded")
    database = Database(own_server.admin_dsn.replace("/shop", "/crowded"))
    make = "do $$ begin for i in {0}..{0} + 499 loop execute format('create table t%s (id int primary key, a int)', i); end loop; end $$"
    await database.run("create extension pg_stat_statements", *[make.format(start) for start in range(0, 1000, 500)], "analyze")
    pg = await Postgres.connect(database.dsn)
    found = await overview(pg)
    await pg.close()
    await admin.execute("drop database crowded with (force)")
    await admin.close()
    assert set(having(found, "UNKNOWN")) - HONEST == set()


async def test_a_server_that_dies_ends_the_questions(own_server):
    """Asked after it is gone: at once a system problem, not forty time-outs."""
    pg = await Postgres.connect(own_server.postgres_dsn)
    pg._dsn = "postgresql://nobody:x@127.0.0.1:1/x"
    pg._connection.terminate()
    with pytest.raises(Unreachable):
        await overview(pg)


async def test_what_was_not_reached_is_unknown(own_server):
    """A budget of nothing."""
    pg = await Postgres.connect(own_server.postgres_dsn)
    found = await overview(pg, budget_s=0)
    await pg.close()
    assert (found.status, {a.said for a in found}) == (Status.UNKNOWN, {"Not asked: 0 s were over."})


def test_problems_come_first_then_what_nobody_could_tell():
    """Then what is sound; the counts are told."""
    answers = [Answer(s.value.lower(), s.value, s, "", "", 0, 1.0) for s in (Status.SKIPPED, Status.OK, Status.UNKNOWN, Status.PROBLEM)]
    found = judge(answers)
    assert ([a.status for a in found], found.status) == ([Status.PROBLEM, Status.UNKNOWN, Status.OK, Status.SKIPPED], Status.PROBLEM)
    assert (judge(answers[:3]).status, judge(answers[:2]).status) == (Status.UNKNOWN, Status.OK)


def test_only_checks_that_need_nothing_are_asked():
    """No diagnosis, none that wants arguments, none that watches for a while, not this one."""
    names = set(quick_checks())
    assert names & {"overview", "missing_index", "statements_by_total_time", "lock_contention"} == set()
    assert names >= {"lock_tree", "invalid_indexes", "dead_rows"}
