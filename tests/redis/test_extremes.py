"""What no one wishes to meet: a key of 1 GB, a server that is busy or dies in the middle of a count, names of arbitrary bytes."""

import asyncio
import contextlib
import random

import pytest
import redis.asyncio

from helpers.errors import SystemProblem, TimedOut, Unreachable
from helpers.redis.checks.keys_by_prefix import keys_by_prefix
from helpers.redis.checks.memory_full import memory_full
from helpers.redis.keyspace import sample, scan_all
from helpers.results import Status

GB = 1 << 30


@pytest.fixture
async def admin(own_redis):
    """A client that may do everything, and has the patience for it."""
    async with redis.asyncio.Redis.from_url(own_redis.redis_url, socket_timeout=60) as client:
        yield client


async def test_a_key_of_a_gigabyte_is_weighed_and_not_read(session, admin):
    """Its size is known at once; no reply is large, and nobody else waits."""
    await admin.config_set("maxmemory", 0)
    await admin.execute_command("CONFIG", "SET", "proto-max-bulk-len", 2 * GB)
    await admin.setrange("export:2026", GB - 1, "x")
    await admin.mset({f"page:{n}": "x" for n in range(200)})
    await admin.config_resetstat()
    found = await keys_by_prefix(session)
    stats = await admin.info("stats")
    assert (found.rows[0].types, found.rows[0].bytes > GB, stats["total_net_output_bytes"] < 1 << 20) == ("string", True, True)
    assert (await memory_full(session, watch_s=0.2)).status is Status.OK


async def test_a_busy_server_is_timed_out_and_asked_again(session, admin, own_redis):
    """A script that holds the only thread: the question ends, and the next one gets its own answer."""
    other = redis.asyncio.Redis.from_url(own_redis.redis_url, socket_timeout=60)
    script = "local t = redis.call('TIME')[1] + 3 while redis.call('TIME')[1] + 0 < t do end return 1"
    holds = asyncio.create_task(other.eval(script, 0))
    with pytest.raises(TimedOut):
        async with asyncio.timeout(10):
            while True:
                await session.ask("DBSIZE", timeout_s=0.3)
    assert await holds == 1
    assert await session.ask("DBSIZE") == 0
    await other.aclose()


async def test_a_server_that_dies_in_the_middle_of_a_count(own_redis, session, admin):
    """An error with a name; what was counted is not taken for all."""
    for start in range(0, 60_000, 5000):
        await admin.mset({f"page:{n}": "x" for n in range(start, start + 5000)})
    counting = asyncio.create_task(scan_all(session))
    await asyncio.sleep(0.05)
    await own_redis.kill("redis")
    with contextlib.suppress(SystemProblem):
        assert (await counting).tally.count == 60_000  # it was faster
    with pytest.raises(Unreachable):
        await sample(session)


async def test_a_count_goes_on_where_it_was(session, admin):
    """A budget ends it; given back, every key is counted once."""
    await admin.mset({f"page:{n}": "x" for n in range(5000)})
    found, times = await scan_all(session, budget_s=0.0), 0
    while not found.exact:
        found, times = await scan_all(session, budget_s=0.005, resume=found), times + 1
    assert (found.tally.count, times > 1) == (5000, True)


async def test_names_of_arbitrary_bytes_are_counted_and_shown_as_text(session, admin):
    """No byte of a key or value breaks a reply, a row or the terminal."""
    rng = random.Random(7)
    names = {b"\xff\x00:" + rng.randbytes(rng.randint(1, 40)) for _ in range(500)} | {
        b"",
        b"\r\n$5\r\n",
        "\x1b[31m:\u202e".encode(),
        b"*" * 3,
    }
    await admin.mset({name: rng.randbytes(30) for name in names})
    found = await keys_by_prefix(session, exact=True)
    assert (found.facts["counted_keys"], found.facts["exact"]) == (len(names), True)
    shown = found.frame().to_string() + found._repr_html_()
    assert not {c for c in shown if ord(c) < 32 and c not in "\n\t"} | ({"\u202e"} & set(shown))
