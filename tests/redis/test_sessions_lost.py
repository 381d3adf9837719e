"""sessions_lost: keys looked at twice, the probe, the proposal, and the pure judge with its reasons."""

import asyncio

import pytest

from helpers import redis
from helpers.errors import FixFailed, ParameterError, Unreachable
from helpers.redis.checks import sessions_lost
from helpers.redis.deltas import Reading, subtract
from helpers.redis.fixes.keep_sessions import KeepSessions
from helpers.redis.population import Look, Population, between, look


async def test_two_looks_tell_what_was_made_and_how_long_it_lives(admin, session):
    """Old keys live for an hour, the new ones for a minute; others' keys and those without an expiry take no part."""
    await admin.mset({"sess:900": 1, "cart:1": 1})
    for number in range(30):
        await admin.set(f"sess:{number}", "x", ex=3600)
    first = await look(session, "sess:{id}")
    for number in range(100, 110):
        await admin.set(f"sess:{number}", "x", ex=60)
    found = between("sess:{id}", first, await look(session, "sess:{id}"))
    assert (found.keys, found.expiring, found.made, found.outliving, found.complete) == (41, 40, 10, 30, True)
    assert (50 < found.made_ttl_s <= 60, 3500 < found.longest_s <= 3600, 50 < found.shortest_s <= 60) == (True,) * 3


async def test_a_look_whose_time_is_up_says_so(admin, session):
    """It is not taken for all keys."""
    await admin.mset({f"sess:{n}": 1 for n in range(5000)})
    found = await look(session, "sess:{id}", budget_s=0.0)
    assert (found.complete, 0 < len(found.ttls) < 5000) == (False, True)


@pytest.mark.parametrize(("logs_in", "measured"), [(True, True), (False, False)])
async def test_the_probe_measures_the_share_of_misses_that_make_sessions(admin, session, logs_in, measured):
    """Every second lookup finds nothing: a session that is made anew, or a cache's business."""
    await admin.set("sess:1", 1, ex=900)
    idle = await redis.missed_sessions(window_s=0.5, every_s=0.1).measure({"redis": session})
    stop = asyncio.Event()

    async def ask() -> None:
        number = 100
        while not stop.is_set():
            number += 1
            await admin.get("sess:1")
            await admin.get(f"sess:{number}")
            await admin.set(f"sess:{number}" if logs_in else f"page:{number}", "x", ex=900)

    task = asyncio.create_task(ask())
    asked = await redis.missed_sessions(window_s=1.0, every_s=0.2).measure({"redis": session})
    stop.set()
    await task
    assert ({s.value for s in idle}, [30 < s.value < 70 for s in asked]) == ({0.0}, [measured] * 5)


async def test_the_probe_starts_anew_where_counters_do(admin, session):
    """CONFIG RESETSTAT in the middle is no negative share."""
    probe = redis.missed_sessions(window_s=0.6, every_s=0.1)
    task = asyncio.create_task(probe.measure({"redis": session}))
    await asyncio.sleep(0)
    await admin.config_resetstat()
    assert all(0 <= s.value <= 100 for s in await task)


async def test_a_server_that_is_gone_is_unreachable(own_redis, session):
    """Not zero."""
    await own_redis.kill("redis")
    with pytest.raises(Unreachable):
        await redis.missed_sessions(window_s=0.5, every_s=0.1).measure({"redis": session})


@pytest.mark.parametrize(
    ("reason", "part"), [("ttl", "= 1800"), ("prefix", "sess:{id}"), ("restart", "appendonly yes"), ("flush", "-flushall")]
)
async def test_the_proposal_fits_the_reason_and_is_never_applied(session, reason, part):
    """keep_sessions is text."""
    fix = KeepSessions("v2:sess:{id}", reason, {"ttl": "1800", "prefix": "sess:{id}"}.get(reason, ""))
    preview = await fix.preview(session)
    with pytest.raises(FixFailed):
        await fix.apply(None, preview)
    assert (part in fix.patch(preview), "v2:sess:{id}" in fix.patch(preview)) == (True, True)


async def test_an_unknown_reason_is_refused(session):
    """A text that fits nothing helps nobody."""
    with pytest.raises(ParameterError):
        await KeepSessions("sess:{id}", "weather").preview(session)


INFO = {
    "run_id": "a", "redis_version": "8", "total_commands_processed": 100, "evicted_keys": 0, "keyspace_hits": 0, "keyspace_misses": 0,
    "uptime_in_seconds": 90_000, "rdb_last_load_keys_loaded": 0, "aof_enabled": 0,
}  # fmt: skip
MISSES = {"keyspace_hits": 60, "keyspace_misses": 40}


def seen(*populations: Population, flushes: float = 0.0, keeps: str = "snapshots off, append-only file off", **later) -> sessions_lost.Seen:
    delta = subtract(Reading(0.0, INFO), Reading(4.0, {**INFO, "total_commands_processed": 200, **MISSES, **later}))
    return sessions_lost.Seen(delta, populations, flushes, keeps)


def people(prefix: str = "sess:{id}", keys: int = 4000, made: int = 40, **changes: float) -> Population:
    """Sessions of half an hour, made all along: some end at any moment."""
    plain = {"watched_s": 4.0, "made_ttl_s": 1799.0, "longest_s": 1799.0, "shortest_s": 1.0, "outliving": 0}
    return Population(prefix, keys, keys, made=made, **{**plain, **changes})


SHORT = people(made_ttl_s=60.0, outliving=3900)
YOUNG = people(shortest_s=1700.0)
OLD, NEW = people("sess:{id}", made=0), people("sess:v2:{id}", keys=200, shortest_s=1700.0)


@pytest.mark.parametrize(
    ("facts", "given", "wanted"),
    [
        (seen(SHORT), {}, ("PROBLEM", "sessions_lost", "sess:{id}: time to live shortened")),
        (
            seen(people(made_ttl_s=60.0, longest_s=60.0)),
            {"ttl_s": 1800.0},
            ("PROBLEM", "sessions_lost", "sess:{id}: time to live shortened"),
        ),
        (seen(people(made_ttl_s=60.0, longest_s=60.0)), {}, ("UNKNOWN", None, "")),
        (seen(people(made_ttl_s=60.0, outliving=300)), {}, ("UNKNOWN", None, "")),  # remembered logins: none was due
        (seen(OLD, NEW), {}, ("PROBLEM", "sessions_lost", "sess:v2:{id}: prefix changed from sess:{id}")),
        (seen(people("token:{id}", made=0), NEW), {}, ("UNKNOWN", None, "")),  # another kind of key
        (seen(people("sess:{id}", keys=500, made=0), NEW), {}, ("UNKNOWN", None, "")),  # none was due yet
        (seen(YOUNG, uptime_in_seconds=200), {}, ("PROBLEM", "sessions_lost", "sess:{id}: restart without persistence")),
        (seen(YOUNG, uptime_in_seconds=200, rdb_last_load_keys_loaded=7), {}, ("UNKNOWN", None, "")),
        (seen(YOUNG, uptime_in_seconds=200, aof_enabled=1), {}, ("UNKNOWN", None, "")),
        (seen(YOUNG), {}, ("UNKNOWN", None, "")),
        (seen(people(), uptime_in_seconds=200), {}, ("UNKNOWN", None, "")),
        (seen(YOUNG, flushes=1.0), {}, ("PROBLEM", "sessions_lost", "sess:{id}: keys flushed")),
        (seen(people(), flushes=1.0), {}, ("UNKNOWN", None, "")),
        (seen(), {}, ("UNKNOWN", None, "")),
        (seen(people(made=9)), {}, ("OK", None, "")),  # too few to be about
        (seen(people(made=12)), {}, ("OK", None, "")),  # as many as end
        (seen(people(made=900), keyspace_misses=4000), {}, ("UNKNOWN", None, "")),  # more than usual, fewer than the misses
        (seen(people(made=200), keyspace_misses=4000), {}, ("OK", None, "")),
        (seen(YOUNG, keyspace_misses=300), {}, ("UNKNOWN", None, "")),
        (seen(SHORT, keyspace_misses=5), {}, ("OK", None, "")),
        (seen(SHORT, evicted_keys=9), {}, ("PROBLEM", "eviction_churn", "evicted_keys")),
        (seen(SHORT, errorstat_MISCONF="count=2"), {}, ("PROBLEM", "persistence_or_replication", "MISCONF")),
    ],
)
def test_the_judge_names_a_reason_only_where_its_trace_is(facts, given, wanted):
    """And says UNKNOWN where nothing decides."""
    said = sessions_lost.judge(facts, **given)
    assert (said.status, said.code, said.subject) == wanted


def test_what_the_server_keeps_decides_where_it_does_not_say_what_it_loaded():
    """Before 7.0 INFO has no rdb_last_load_keys_loaded."""
    old = {k: v for k, v in INFO.items() if not k.startswith("rdb")}
    later = Reading(4.0, {**old, "total_commands_processed": 200, **MISSES, "uptime_in_seconds": 200})
    delta = subtract(Reading(0.0, old), later)
    said = [
        sessions_lost.judge(sessions_lost.Seen(delta, [YOUNG], 0.0, f"snapshots {s}, append-only file off")).code for s in ("off", "900 1")
    ]
    assert said == ["sessions_lost", None]


def test_an_empty_look_is_no_population():
    """Nothing is divided by zero."""
    found = between("sess:{id}", Look(0.0, {}, complete=True), Look(0.0, {}, complete=True))
    assert (found.made_per_s, found.due(10), found.began_s) == (0.0, 0.0, 0.0)


def test_sessions_that_end_while_they_are_watched_are_counted_by_their_life():
    """Twenty are alive, of two seconds each, so forty were made in four."""
    assert people(keys=20, made=20, made_ttl_s=2.0, longest_s=2.0).made_in_all == 40.0
