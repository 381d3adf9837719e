"""The session: who answers, time-outs, errors of every kind, pipelines, and what it cost."""

import asyncio

import pytest

from helpers.errors import BadAnswer, Refused, TimedOut, Unreachable
from helpers.redis.connect import open_session


async def test_it_says_who_answers(session):
    """Version, mode and role."""
    said = await session.ping()
    assert (said.split()[0], "standalone" in said, "master" in said) == ("Redis", True, True)


async def test_its_identity_holds_over_a_restart(own_redis, session):
    """`run_id` is a new one, the server is the same."""
    before, run = await session.identity(), (await session.info("server"))["run_id"]
    await own_redis.kill("redis")
    with pytest.raises(Unreachable):
        await session.ask("PING")
    await own_redis.start_service("redis")
    assert (await session.identity(), (await session.info("server"))["run_id"] != run) == (before, True)


async def test_another_server_is_another_identity(session, fresh_sandbox):
    """So that an undo refuses it."""
    async with fresh_sandbox(services=("redis",)) as other:
        second = await open_session(other.redis_url, application_name="x")
        assert await second.identity() != await session.identity()
        await second.close()


async def test_a_pipeline_answers_each_question(session, admin):
    """In order; a refused one has its error in its place."""
    await admin.set("a", "value")
    await admin.lpush("l", 1)
    replies = await session.ask_many([("PTTL", "a"), ("STRLEN", "l"), ("TYPE", b"a"), ("SCAN", 0)])
    assert (replies[0], type(replies[1]), replies[1].code, replies[2], sorted(replies[3][1])) == (
        -1,
        BadAnswer,
        "WRONGTYPE",
        b"string",
        [b"a", b"l"],
    )


async def test_lines_are_read_as_the_parser_reads_them(session, admin):
    """The fast way and the driver's own agree, over several chunks and keys of arbitrary bytes."""
    keys = [bytes([n % 256, 13, 10, n // 256]) for n in range(1200)]
    await admin.mset({key: b"x" * (n % 300) for n, key in enumerate(keys)})
    questions = [(q, key) for key in [*keys, b"gone"] for q in ("TYPE", "PTTL", "MEMORY USAGE", "OBJECT FREQ")]
    fast, slow = await session.ask_many(questions, lines=True, timeout_s=20), await session.ask_many(questions, timeout_s=20)
    assert [str(r) for r in fast] == [str(r) for r in slow]


async def test_a_hung_server_is_timed_out_and_its_late_reply_is_not_taken_for_another(own_redis, session):
    """SIGSTOP, then SIGCONT: the next question has its own answer."""
    await own_redis.suspend("redis")
    with pytest.raises(TimedOut):
        await session.ask("DBSIZE", timeout_s=0.3)
    await own_redis.resume("redis")
    assert await session.ask("PING") == b"PONG"


async def test_a_cancelled_question_leaves_no_reply_behind(own_redis, session):
    """A check's own time-out cancels it in the middle."""
    await own_redis.suspend("redis")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await session.ask_many([("DBSIZE",)] * 5)
    await own_redis.resume("redis")
    assert await session.ask("PING") == b"PONG"


async def test_a_wrong_password_and_a_wrong_address_are_unreachable(own_redis):
    """With what to do, and without the password."""
    with pytest.raises(Unreachable) as refused:
        await open_session(own_redis.redis_url.replace("@", "x@"), application_name="x")
    with pytest.raises(Unreachable):
        await open_session("redis://127.0.0.1:1/0", application_name="x")
    with pytest.raises(Unreachable, match="not a valid URL"):
        await open_session("http://127.0.0.1", application_name="x")
    assert "login" in str(refused.value)


async def test_what_the_acl_forbids_is_refused(own_redis, admin):
    """Not OK, and not unreachable."""
    await admin.execute_command(*["ACL", "SETUSER", "blind", "on", ">secret-x", "~*", "+ping", "+auth", "+select", "+client|setname"])
    url = f"redis://blind:secret-x@{own_redis.redis_url.rpartition('@')[2]}"
    reader = await open_session(url, application_name="x")
    with pytest.raises(Refused):
        await reader.info("memory")
    said = await reader.ping()
    await reader.close()
    assert said == "Redis answers PING, INFO is not allowed"


async def test_the_footprint_counts_what_was_asked(session):
    """Siblings included."""
    before = session.footprint()["commands"]
    other = await session.sibling()
    await other.ask("PING")
    await session.ask_many([("PING",), ("TIME",)])
    after = session.footprint()
    assert (after["commands"] - before, after["connections"]) == (4, 2)
