"""Deltas: what moved between two readings, and what began anew."""

import dataclasses

import pytest
from redis.exceptions import ResponseError

from helpers.redis.deltas import Reading, read, subtract, watch
from helpers.redis.neighbours import blind, neighbour

BASE = {
    "run_id": "a",
    "total_commands_processed": 100,
    "evicted_keys": 5,
    "keyspace_hits": 10,
    "keyspace_misses": 10,
    "used_memory": 1,
    "redis_version": "8",
}


def reading(at: float, **info) -> Reading:
    return Reading(at, {**BASE, **info})


def test_counters_commands_and_errors_are_subtracted():
    """Only what moved is named."""
    before = reading(0, cmdstat_get="calls=5,usec=10,usec_per_call=2,rejected_calls=0,failed_calls=0", errorstat_OOM="count=2")
    later = {
        "cmdstat_get": "calls=9,usec=30,usec_per_call=3,rejected_calls=1,failed_calls=0",
        "errorstat_OOM": "count=7",
        "errorstat_ERR": "count=1",
    }
    delta = subtract(before, reading(2.0, evicted_keys=25, keyspace_hits=40, total_commands_processed=120, **later))
    assert (delta.seconds, delta.rate("evicted_keys"), delta.hit_pct, delta.reset) == (2.0, 10.0, 100.0, "")
    assert (dataclasses.astuple(delta.commands["get"]), delta.errors) == ((4, 20, 1, 0), {"OOM": 5, "ERR": 1})


def test_a_restart_and_a_reset_count_from_zero_and_say_so():
    """A smaller total is no negative rate."""
    restarted = subtract(reading(0), reading(1.0, run_id="b", total_commands_processed=3, evicted_keys=2))
    reset = subtract(reading(0), reading(1.0, total_commands_processed=3, evicted_keys=2))
    assert (restarted.reset, reset.reset) == ("the server was restarted", "the statistics were reset")
    assert (restarted.counters["evicted_keys"], reset.counters["evicted_keys"]) == (2, 2)


def test_neighbours_come_in_their_order():
    """A disk that cannot be written before a full memory, that before eviction; and one's own consequences are not named."""
    delta = subtract(
        reading(0), reading(1.0, errorstat_OOM="count=3", errorstat_MISCONF="count=1", evicted_keys=50, total_commands_processed=101)
    )
    without = subtract(reading(0), reading(1.0, errorstat_OOM="count=3", evicted_keys=50, total_commands_processed=101))
    asked = [
        neighbour(d, own=own)
        for d, own in [(delta, "memory_full"), (without, "memory_full"), (without, "eviction_churn"), (without, "hot_key")]
    ]
    assert [a.code if a else None for a in asked] == ["persistence_or_replication", None, "memory_full", "memory_full"]


def test_a_section_that_is_closed_is_unknown():
    """Not OK."""
    seen = reading(0)
    closed = dataclasses.replace(seen, missing={"INFO stats": "no permission"})
    assert (blind(subtract(seen, seen), "stats"), blind(subtract(seen, closed), "stats").status) == (None, "UNKNOWN")


async def test_on_a_server_it_sees_what_was_done(admin, session):
    """Commands, errors, keys and the slow log."""
    await admin.config_set("slowlog-log-slower-than", 0)
    before = await read(session)
    await admin.set("a", 1, ex=100)
    await admin.set("b", 1)
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await admin.execute_command("LPUSH", "b", 1)
    after = await read(session)
    delta = subtract(before, after)
    assert (delta.commands["set"].calls, delta.errors["WRONGTYPE"], after.keys(), delta.missing) == (2, 1, (2, 1), {})
    assert {s.command for s in delta.slow} >= {"SET a", "SET b", "LPUSH b"}


async def test_a_reset_on_a_server_is_seen(admin, session):
    """CONFIG RESETSTAT between the readings."""
    for _ in range(50):
        await admin.ping()
    before = await read(session)
    await admin.config_resetstat()
    assert subtract(before, await read(session)).reset == "the statistics were reset"


async def test_watching_takes_its_time(session):
    """Seconds as asked."""
    assert (await watch(session, window_s=0.2)).seconds >= 0.2
