"""hot_key: what counters and idle times prove, the judge, the measurement on a server of one's own, and the text."""

import asyncio
import contextlib
import dataclasses
import random

import pytest

from helpers.errors import ParameterError
from helpers.redis import heat
from helpers.redis.checks import hot_key
from helpers.redis.deltas import Delta, Reading, subtract
from helpers.redis.families import family, family_calls, keyed_calls
from helpers.redis.fixes.cache_hot_key import CacheHotKey
from helpers.redis.heat import Heat, measure
from helpers.redis.lfu import rise, weight
from helpers.redis.probes.commands_per_second import CommandsPerSecond
from helpers.redis.replies import SlowCommand

INFO = {"redis_version": "8", "run_id": "a", "total_commands_processed": 100, "db0": "keys=400,expires=0,avg_ttl=0"}


def delta(calls: dict[str, int], **later) -> Delta:
    counts = {f"cmdstat_{name}": f"calls={n},usec={n},usec_per_call=1,rejected_calls=0,failed_calls=0" for name, n in calls.items()}
    return subtract(Reading(0.0, INFO), Reading(4.0, {**INFO, "total_commands_processed": 9000, **counts, **later}))


def counted(calls: dict[str, int], rises: dict[bytes, tuple[int, int]], **later) -> Heat:
    return Heat(delta(calls, **later), "allkeys-lfu", 4.0, {k: rise(a, b, 10.0) for k, (a, b) in rises.items()})


def idle(calls: dict[str, int], touched: dict[str, list[bytes]], *, reason: str = "", **later) -> Heat:
    return Heat(delta(calls, **later), "noeviction", 4.0, touched=touched, reason=reason)


QUIET = {f"item:{n}".encode(): (7, 8) for n in range(60)}


@pytest.mark.parametrize(("before", "after", "hits"), [(5, 5, 0), (None, 6, 1), (6, 7, 11), (20, 22, 151 + 161), (30, 12, 0)])
def test_a_step_of_a_counter_stands_for_its_inverse_probability(before, after, hits):
    """One that fell, by decay, stands for none."""
    assert rise(before, after, 10.0).hits == hits


def test_the_estimate_holds_on_average_whatever_the_bunching():
    """Of simulated accesses, at several rates, within 8 %; fixed seed."""
    chance = random.Random(7)
    for accesses in (200, 5000):
        found = []
        for _ in range(200):
            counter = 5
            for _ in range(accesses):
                counter += chance.random() < 1 / weight(counter, 10.0)
            found.append(rise(5, counter, 10.0).hits)
        assert sum(found) / len(found) == pytest.approx(accesses, rel=0.08)


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("get", "string"), ("hgetall", "hash"), ("zincrby", "zset"), ("zunionstore", ""), ("xadd", "stream"), ("xreadgroup", ""), ("hello", ""),
        ("lpush", "list"), ("sadd", "set"), ("mget", ""), ("del", ""), ("xinfo|stream", "stream"),
    ],
)  # fmt: skip
def test_a_command_belongs_to_the_type_it_works_on(command, kind):
    """Or to none, where it takes several keys or any type."""
    assert family(command) == kind


def test_looks_of_a_diagnosis_are_no_traffic():
    """Nor are commands without a key."""
    seen = delta({"get": 10, "hget": 5, "object|freq": 400, "scan": 9, "info": 3, "ping": 7})
    assert (keyed_calls(seen), family_calls(seen, "string")) == (15, 10)


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        (counted({"get": 8000}, {b"config": (45, 62), **QUIET}), ("PROBLEM", "hot_key", "config")),
        (counted({"get": 8000}, {b"config": (255, 255), **QUIET}), ("PROBLEM", "hot_key", "config")),
        (counted({"get": 8000}, {b"config": (255, 255), b"flags": (255, 255), **QUIET}), ("UNKNOWN", None, "")),
        (counted({"get": 8000}, {b"config": (45, 62), b"stale": (255, 255), **QUIET}), ("UNKNOWN", None, "")),
        (counted({"get": 8000}, {b"config": (45, 62), b"silent": (200, 200), **QUIET}), ("UNKNOWN", None, "")),
        (counted({"get": 80000}, {b"config": (145, 195), b"silent": (200, 200), **QUIET}), ("PROBLEM", "hot_key", "config")),
        (counted({"get": 8000}, {b"a": (40, 50), b"b": (40, 50), **QUIET}), ("UNKNOWN", None, "")),
        (counted({"get": 8000}, {f"k{n}".encode(): (14, 15) for n in range(80)}), ("OK", None, "")),
        (counted({"get": 800}, {b"config": (45, 62)}), ("OK", None, "")),
        (idle({"hgetall": 6000, "get": 1000}, {"hash": [b"Flags"], "string": [b"a", b"b"]}), ("PROBLEM", "hot_key", "Flags")),
        (idle({"hgetall": 6000, "get": 1000}, {"hash": [b"Flags", b"x"], "string": [b"a", b"b"]}), ("UNKNOWN", None, "")),
        (idle({"get": 6000}, {"string": [b"only"]}, keyspace_misses=5000), ("UNKNOWN", None, "")),
        (idle({"get": 6000, "del": 300}, {"string": [b"only"]}), ("UNKNOWN", None, "")),
        (idle({"get": 6000}, {}, reason="there are 9,000,000 keys"), ("UNKNOWN", None, "")),
        (idle({"get": 6000}, {"string": [b"a", b"b"]}, evicted_keys=50), ("PROBLEM", "eviction_churn", "evicted_keys")),
        (idle({"get": 6}, {}, errorstat_OOM="count=4"), ("PROBLEM", "memory_full", "OOM")),
        (idle({"get": 6}, {}), ("OK", None, "")),
    ],
)  # fmt: skip
def test_a_key_is_named_only_if_its_share_is_proven(seen, wanted):
    """Most of a busy server's calls, by a lower bound; what cannot be told is UNKNOWN."""
    said = hot_key.judge(seen, busy_per_s=1000.0)
    assert (said.status, said.code, said.subject) == wanted, said.summary


def test_a_slow_script_is_no_hot_key():
    """What it calls inside counts as commands on its key: the script comes first."""
    seen = idle({"sismember": 900_000, "eval": 6}, {"set": [b"visitors"]})
    script = SlowCommand(1, 0, 80.0, "", (b"EVAL", b"return", b"1", b"visitors"), "10.0.0.7:1", "nightly")
    slow = dataclasses.replace(seen, delta=dataclasses.replace(seen.delta, slow=(script,) * 6))
    said = [hot_key.judge(one, busy_per_s=1000.0) for one in (seen, slow)]
    assert [(s.code, s.subject) for s in said] == [("hot_key", "visitors"), ("slow_command", "EVAL visitors by nightly")]


def test_a_slow_script_is_told_by_the_statistics_where_the_log_is_closed():
    """Its calls are long on average."""
    seen = idle({"sismember": 900_000}, {"set": [b"visitors"]}, cmdstat_eval="calls=9,usec=900000,usec_per_call=100000")
    closed = dataclasses.replace(seen.delta, after=dataclasses.replace(seen.delta.after, missing={"SLOWLOG": "NOPERM"}))
    said = hot_key.judge(dataclasses.replace(seen, delta=closed), busy_per_s=1000.0)
    assert (said.code, said.subject) == ("slow_command", "EVAL")


def test_a_key_that_holds_a_token_is_not_shown_whole():
    """A session's id is a secret: neither subject nor target has it."""
    said = hot_key.judge(idle({"hgetall": 9000}, {"hash": [b"session:QvoZwgN8BQHeaDeSHzOtUg"]}), busy_per_s=1000.0)
    assert (said.subject, said.target["key"]) == ("session:QvoZ…", "session:{id}")


@contextlib.asynccontextmanager
async def traffic(admin, *commands):
    """Send these commands again and again, together."""
    stop = asyncio.Event()

    async def go() -> None:
        while not stop.is_set():
            pipe = admin.pipeline(transaction=False)
            for command in commands:
                pipe.execute_command(*command)
            await pipe.execute()
            await asyncio.sleep(0.01)

    task = asyncio.create_task(go())
    try:
        yield
    finally:
        stop.set()
        await task


OTHERS = [("GET", f"item:{n}") for n in range(20)]


@pytest.fixture
async def items(admin):
    """Keys of three types."""
    await admin.mset({f"item:{n}": "x" * 30 for n in range(200)})
    await admin.hset("Flags|All", mapping={"a": 1})
    await admin.set("config:site", "c" * 30)
    return admin


async def test_a_server_that_counts_tells_the_share(items, session):
    """80 of 100 calls: within the bounds, which name the key."""
    await items.config_set("maxmemory-policy", "allkeys-lfu")
    async with traffic(items, *[("GET", "config:site")] * 80, *OTHERS):
        said = await hot_key.hot_key(session, watch_s=3.0, busy_per_s=100)
    assert (said.code, said.subject, 60 <= said.target["share_pct"] <= 90) == ("hot_key", "config:site", True), said.summary


@pytest.mark.parametrize("policy", ["allkeys-lfu", "noeviction"])
async def test_even_traffic_is_no_hot_key(items, session, policy):
    """Also where it comes in bunches, and is much."""
    await items.config_set("maxmemory-policy", policy)
    async with traffic(items, *[("GET", f"item:{n}") for n in range(100)]):
        said = await hot_key.hot_key(session, watch_s=3.0, busy_per_s=100)
    assert (said.code, said.status in ("OK", "UNKNOWN")) == (None, True), said.summary


@pytest.mark.parametrize("policy", ["allkeys-lfu", "noeviction"])
async def test_two_keys_that_share_the_traffic_are_not_one(items, session, policy):
    """Neither has most of it."""
    await items.config_set("maxmemory-policy", policy)
    async with traffic(items, *[("GET", "config:site")] * 45, *[("GET", "item:150")] * 45, *OTHERS[:10]):
        said = await hot_key.hot_key(session, watch_s=3.0, busy_per_s=100)
    assert said.code is None, said.summary


async def test_the_only_touched_key_of_its_type_had_all_its_commands(items, session):
    """Without counters, and without touching anything."""
    await items.hset("Other|Flags", mapping={"a": 1})
    while await items.object("IDLETIME", "Other|Flags") < 4:  # longer ago than it is watched
        await asyncio.sleep(0.1)
    async with traffic(items, *[("HGETALL", "Flags|All")] * 80, *OTHERS):
        seen = await measure(session, watch_s=2.0)
    said = hot_key.judge(seen, busy_per_s=100)
    assert (said.code, said.subject, said.target["share_pct"], said.target["writes_pct"]) == ("hot_key", "Flags|All", 80, 0), said.summary


async def test_a_minute_that_begins_meanwhile_is_no_measurement(items, session, monkeypatch):
    """The counters decay then, which would look like fewer accesses."""
    await items.config_set("maxmemory-policy", "allkeys-lfu")
    minutes = iter([1, 2])

    async def minute(_):
        return next(minutes)

    monkeypatch.setattr(heat, "_minute", minute)
    monkeypatch.setattr(heat, "PASSES_S", 0.0)
    assert "a minute began" in (await measure(session, watch_s=0.1)).reason


async def test_several_databases_are_not_measured(items, session):
    """The statistics are those of all of them."""
    await items.execute_command("SELECT", 1)
    await items.set("a", "b")
    await items.execute_command("SELECT", 0)
    assert "2 databases" in (await measure(session, watch_s=0.1)).reason


async def test_the_probe_counts_commands(items, session):
    """Per second."""
    async with traffic(items, *OTHERS):
        samples = await CommandsPerSecond(1.0, 0.2).measure({"redis": session})
    assert (len(samples), max(s.value for s in samples) > 100) == (5, True)


@pytest.mark.parametrize(("writes_pct", "word"), [(0.0, "CacheConfig"), (90.0, "sum of all parts")])
async def test_the_text_depends_on_reads_and_writes(session, writes_pct, word):
    """A cache for what is read, parts for what is counted; never applied."""
    fix = CacheHotKey("config:{site}", 80, 2000, writes_pct)
    preview = await fix.preview(session)
    assert (word in fix.patch(preview), "config:{site}" in fix.patch(preview), fix.applicable) == (True, True, False)


async def test_a_text_needs_a_key(session):
    """With what is missing."""
    with pytest.raises(ParameterError):
        await CacheHotKey("").preview(session)
