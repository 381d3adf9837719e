"""The server counts our own lookups among everybody's; they are told apart."""

from contextlib import suppress

import pytest

from helpers.errors import BadAnswer
from helpers.redis import deltas
from helpers.redis.commands import ALLOWED
from helpers.redis.own import LOOKUPS

KEYS = {"TYPE": "s", "STRLEN": "s", "GETRANGE": "s", "HLEN": "h", "HSCAN": "h", "LLEN": "l", "SCARD": "t", "SSCAN": "t", "ZCARD": "z",
        "ZSCAN": "z", "XLEN": "x"}  # fmt: skip
MORE = {"GETRANGE": (0, 3), "HSCAN": (0,), "SSCAN": (0,), "ZSCAN": (0,)}


@pytest.fixture
async def keys(admin):
    """One key of each kind."""
    await admin.set("s", "text")
    await admin.hset("h", "f", "v")
    await admin.rpush("l", "v")
    await admin.sadd("t", "v")
    await admin.zadd("z", {"v": 1})
    await admin.xadd("x", {"f": "v"})


async def hits(admin):
    """What the server says."""
    return (await admin.info("stats"))["keyspace_hits"]


@pytest.mark.parametrize(
    "command", sorted({name for name in ALLOWED if name.encode() in LOOKUPS or name.startswith(("OBJECT", "MEMORY USAGE"))})
)
async def test_what_counts_as_a_lookup_is_what_the_server_counts(command, session, admin, keys):
    """Each command that asks about a key."""
    before, own = await hits(admin), session.own_hits
    for _ in range(3):
        with suppress(BadAnswer):  # OBJECT FREQ without an LFU policy: it looked all the same
            await session.ask(command, KEYS.get(command, "s"), *MORE.get(command, ()))
    assert session.own_hits - own == await hits(admin) - before


async def test_questions_about_many_keys_are_counted_each(session, admin, keys):
    """The fast way, too."""
    before, own = await hits(admin), session.own_hits
    await session.ask_each(("TYPE", "PTTL", "MEMORY USAGE"), [b"s", b"h"])
    assert session.own_hits - own == await hits(admin) - before == 4


async def test_a_delta_holds_what_others_looked_up(session, admin, keys):
    """Whatever was asked meanwhile by us."""
    before = await deltas.read(session)
    await session.ask_many([("TYPE", "s")] * 200)
    for _ in range(5):
        await admin.get("s")
    assert deltas.subtract(before, await deltas.read(session)).counters["keyspace_hits"] == 5


@pytest.mark.parametrize(
    "command", sorted({name for name in ALLOWED if name.encode() in LOOKUPS or name.startswith(("OBJECT", "MEMORY USAGE"))})
)
async def test_a_lookup_of_a_key_that_is_gone_is_a_miss(command, session, admin):
    """As the server counts it: other walks' looks at what has expired are nobody's misses."""
    stats = await admin.info("stats")
    own = session.own_hits, session.own_misses
    with suppress(BadAnswer):
        await session.ask(command, "gone", *MORE.get(command, ()))
    after = await admin.info("stats")
    seen = [after[name] - stats[name] for name in ("keyspace_hits", "keyspace_misses")]
    assert [session.own_hits - own[0], session.own_misses - own[1]] == seen


async def test_many_keys_that_are_gone_are_no_misses_of_others(session, admin, keys):
    """Both fast ways."""
    before = await deltas.read(session)
    await session.ask_each(("TYPE", "PEXPIRETIME"), [b"s", b"gone", b"away"])
    await session.ask_many([("PTTL", "gone"), ("PTTL", "s")], lines=True)
    await admin.get("gone too")
    counters = deltas.subtract(before, await deltas.read(session)).counters
    assert [counters.get(name, 0.0) for name in ("keyspace_hits", "keyspace_misses")] == [0.0, 1.0]
