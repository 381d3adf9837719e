"""A server on fire: no slot, no answer, gone and back; each is said in words, in bounded time."""

import asyncio
import time

import asyncpg
import pytest

from helpers.errors import BadAnswer, SystemProblem, TimedOut, Unreachable
from helpers.postgres.connect import Postgres
from tests.postgres.conftest import at


async def test_no_free_slot_says_how_to_reserve_one(fresh_sandbox):
    """53300 is Unreachable, with the GRANT that helps."""
    async with fresh_sandbox(services=("postgres",), postgres_settings={"max_connections": 15}) as sandbox:
        taken = []
        with pytest.raises(asyncpg.PostgresError):
            for _ in range(20):
                taken.append(await asyncpg.connect(sandbox.application_dsn))
        with pytest.raises(Unreachable, match="pg_use_reserved_connections"):
            await Postgres.connect(sandbox.application_dsn)
        for connection in taken:
            await connection.close()


async def test_a_hung_server_is_given_up_in_bounded_time(fresh_sandbox):
    """SIGSTOP: connecting and asking both end, and the session works again once it is resumed."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        pg = await Postgres.connect(sandbox.postgres_dsn)
        await sandbox.suspend("postgres")
        began = time.monotonic()
        with pytest.raises(SystemProblem):
            await pg.value("select 1", timeout_s=0.5)
        with pytest.raises(SystemProblem):
            await Postgres.connect(sandbox.postgres_dsn)
        took = time.monotonic() - began
        await sandbox.resume("postgres")
        value = await pg.value("select 1")
        await pg.close()
    assert (value, took < 25) == (1, True)


async def test_a_session_comes_back_with_its_server(fresh_sandbox):
    """Killed: Unreachable. Started again: the next question is answered, by the same server."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        pg = await Postgres.connect(sandbox.postgres_dsn)
        before = await pg.identity()
        await sandbox.kill("postgres")
        with pytest.raises(SystemProblem):
            await pg.value("select 1")
        await sandbox.start_service("postgres")
        after = await pg.identity()
        await pg.close()
    assert (after, before != "") == (before, True)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"password": "wrong"}, "password"), ({"user": "nobody_here"}, "nobody_here"), ({"database": "absent"}, "absent")],
    ids=str,
)
async def test_a_wrong_address_says_what_is_wrong(sandbox_server, change, said):
    """Login, role, database; never the password."""
    with pytest.raises(Unreachable) as refusal:
        await Postgres.connect(at(sandbox_server.postgres_dsn, **change))
    assert (said in str(refusal.value), "wrong" in str(refusal.value)) == (True, False)


@pytest.mark.parametrize("dsn", ["", "nonsense", "postgres://a b", "http://x/y", "postgres://u:p@h:port/d"])
async def test_a_malformed_address_is_told_its_form(dsn):
    """Or that nothing is there."""
    with pytest.raises(Unreachable):
        await Postgres.connect(dsn)


async def test_a_question_that_is_wrong_is_a_bad_answer_not_a_lost_server(own_pg):
    """With the SQLSTATE; the session goes on."""
    with pytest.raises(BadAnswer) as syntax:
        await own_pg.fetch("select from where")
    with pytest.raises(BadAnswer):
        await own_pg.fetch("select * from absent")
    with pytest.raises(TimedOut):
        await own_pg.fetch("select pg_sleep(5)", timeout_s=0.2)
    assert (syntax.value.code, await own_pg.value("select 1")) == ("42601", 1)


async def test_many_askers_share_one_session(own_pg):
    """They take turns."""
    assert await asyncio.gather(*(own_pg.value("select $1::int", i) for i in range(20))) == list(range(20))


async def test_every_table_locked_does_not_hang_a_question(own_database, own_pg):
    """An ACCESS EXCLUSIVE lock costs half a second, then UNKNOWN for that question alone."""
    admin = await asyncpg.connect(own_database)
    await admin.execute("create table locked (a int)")
    await admin.execute("begin; lock table locked")
    with pytest.raises(TimedOut):
        await own_pg.fetch("select * from locked")
    with pytest.raises(TimedOut):
        await own_pg.explain("select * from locked")
    value = await own_pg.value("select 1")
    await admin.close()
    assert value == 1
