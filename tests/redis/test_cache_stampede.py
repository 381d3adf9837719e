"""cache_stampede: how deadlines lie, what makes it a stampede, and the fix that spreads the live keys."""

import asyncio
import json
import random
import time

import pytest

from helpers.errors import FixFailed, ParameterError, Refused
from helpers.redis.checks.cache_stampede import Burst, Seen, judge
from helpers.redis.clumps import Clump, clump_of, draw, histogram, worst
from helpers.redis.deltas import Reading, subtract
from helpers.redis.fixes.single_flight import SingleFlight
from helpers.redis.fixes.spread_expiry import SpreadExpiry, shift_of
from helpers.redis.key_stampede import judge_key
from helpers.redis.probes.keys_expiring_together import KeysExpiringTogether
from helpers.redis.probes.wasted_recomputations import WastedRecomputations
from helpers.redis.recompute import Recompute
from helpers.redis.statement_bursts import risen
from helpers.redis.window_counters import without_counters
from tests.runbooks.redis.state import contents

NOW = 1_000_000
INFO = {"run_id": "a", "redis_version": "8", "total_commands_processed": 100, "keyspace_misses": 0, "expired_keys": 0}
CLUMP = Clump("tile:{id}", 400, 390, NOW + 20_000, NOW + 20_400, 20.4)
FIX = SpreadExpiry("tile:{id}")


def delta(seconds: float = 4.0, **later):
    return subtract(Reading(0.0, INFO), Reading(seconds, {**INFO, "total_commands_processed": 200, **later}))


def burst(*, calm: int = 2, misses: int = 1100, renewed: int = 380, early: int = 0) -> Burst:
    return Burst(
        delta(20.0, keyspace_misses=calm),
        delta(4.0, keyspace_misses=misses, expired_keys=390),
        390,
        renewed,
        early,
        24.0,
        ["one statement"],
    )


def test_even_deadlines_make_no_clump_and_equal_ones_do():
    """A twentieth of the time to live is the moment."""
    even = clump_of("a", [NOW + 100 * n for n in range(1, 1001)], NOW)
    one = clump_of("a", [*(NOW + 50_000 + n for n in range(300)), *(NOW + 100 * n for n in range(1, 1001))], NOW)
    assert (round(even.share_pct), one.together, one.start_ms >= NOW + 45_000) == (5, 351, True)


def test_what_expires_over_a_minute_is_no_moment():
    """Sessions that began with the day's first wave of users, of half an hour each."""
    wave = [NOW + 1_700_000 + 200 * n for n in range(300)]
    assert clump_of("a", [*wave, *(NOW + 1800 * n for n in range(1, 1001))], NOW).share_pct < 10


@pytest.mark.parametrize("deadlines", [[], [-1] * 500, [NOW + 9000] * 10, [NOW + 100 + n for n in range(900)]])
def test_few_persistent_or_short_lived_keys_make_no_clump(deadlines):
    """Nobody notices few, and what lives for a second expires in one by nature."""
    assert clump_of("a", deadlines, NOW) is None


def test_the_histogram_counts_every_deadline():
    """From now to the last."""
    bars = histogram([NOW + 1, NOW + 500, NOW + 1000, -1], NOW, bars=2)
    assert (bars, histogram([-1], NOW)) == ([1, 2], [])


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        (Seen(delta(), CLUMP, 5.0, burst()), ("PROBLEM", "cache_stampede", "tile:{id}")),
        (Seen(delta(), CLUMP, 900.0), ("UNKNOWN", None, "")),
        (Seen(delta(), CLUMP, 5.0, burst(renewed=3)), ("UNKNOWN", None, "")),
        (Seen(delta(), CLUMP, 5.0, burst(early=390)), ("UNKNOWN", None, "")),
        (Seen(delta(), CLUMP, 5.0, burst(calm=5000)), ("UNKNOWN", None, "")),
        (Seen(delta(), CLUMP, 5.0, burst(calm=2000)), ("PROBLEM", "cache_stampede", "tile:{id}")),  # beside a cache that fills
        (Seen(delta(), None), ("OK", None, "")),
        (Seen(delta(evicted_keys=9), CLUMP, 5.0, burst()), ("PROBLEM", "eviction_churn", "evicted_keys")),
        (Seen(delta(errorstat_OOM="count=3"), CLUMP), ("PROBLEM", "memory_full", "OOM")),
    ],
)  # fmt: skip
def test_it_tells_its_neighbours_apart(seen, wanted):
    """A warm-up is misses without a moment; a load that nobody reads, and a refresh before the end, are no stampede."""
    said = judge(seen)
    assert (said.status, said.code, said.subject) == wanted


@pytest.fixture
async def tiles(admin):
    """Three hundred keys with one deadline, others spread, one that never expires."""
    at = (await admin.time())[0] * 1000 + 60_000
    pipe = admin.pipeline(transaction=False)
    for n in range(300):
        pipe.set(f"tile:{n}", "x", pxat=at + n)
        pipe.set(f"visit:{n}", "x", ex=100 + n)
    pipe.set("tile:900", "x")
    await pipe.execute()
    return at


async def shares(session) -> float:
    return (await worst(session, await draw(session))).share_pct


async def test_it_spreads_the_clump_and_the_undo_puts_every_deadline_back(own_redis, session, writer, tiles):
    """To the millisecond; twice is as good as once; a dry run changes nothing; nothing lives longer."""
    before = await contents(own_redis.redis_url)
    preview = await FIX.preview(session)
    dry, told = await contents(own_redis.redis_url), []
    await FIX.told(told.append).apply(writer, preview)
    changed = await contents(own_redis.redis_url)
    share, said = await shares(session), await FIX.read_back(session)
    for _ in range(2):
        await FIX.undo(writer, json.loads(json.dumps(preview.inverse)))
    later = [key for key in changed if changed[key] != before[key] and changed[key][1] >= before[key][1]]
    assert (dry == before, share < 25, later, await contents(own_redis.redis_url) == before) == (True, True, [], True), said
    assert (sum(changed[k] != before[k] for k in before), bool(told)) == (300, True)


async def test_a_change_that_was_cut_off_is_undone_too(own_redis, session, writer, tiles):
    """And applying it again shifts no key twice."""
    before = await contents(own_redis.redis_url)
    preview = await FIX.preview(session)
    enough = asyncio.Event()
    task = asyncio.create_task(SpreadExpiry("tile:{id}").told(lambda _: enough.set()).apply(writer, preview))
    await enough.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await FIX.apply(writer, preview)
    await FIX.apply(writer, preview)
    await FIX.undo(writer, preview.inverse)
    assert await contents(own_redis.redis_url) == before


async def test_the_undo_leaves_alone_what_was_written_since(admin, session, writer, tiles):
    """A key with a new deadline keeps it."""
    preview = await FIX.preview(session)
    await FIX.apply(writer, preview)
    await admin.set("tile:1", "new", ex=500)
    await admin.persist("tile:2")
    await FIX.undo(writer, preview.inverse)
    assert (490 < await admin.ttl("tile:1") <= 500, await admin.ttl("tile:2"), await admin.pexpiretime("tile:3")) == (True, -1, tiles + 3)


async def test_it_is_not_needed_where_keys_are_spread(session, tiles):
    """No statements."""
    preview = await SpreadExpiry("visit:{id}").preview(session)
    assert (preview.needed, list(preview.statements)) == (False, [])


async def test_what_expires_at_once_is_not_spread_any_more(admin, session):
    """There is no time left to spread it over."""
    pipe = admin.pipeline()
    for n in range(100):
        pipe.set(f"tile:{n}", "x", px=4500)
    pipe.set("tile:900", "x", ex=60)
    await pipe.execute()
    with pytest.raises(FixFailed):
        await FIX.preview(session)


@pytest.mark.parametrize("bad", [SpreadExpiry(""), SpreadExpiry("a:{id}", enough_pct=0.0)])
async def test_impossible_targets_are_refused(session, bad):
    """Before anything is asked."""
    with pytest.raises(ParameterError):
        await bad.preview(session)


def test_a_shift_is_longer_than_the_moment_lasts():
    """So no shifted key can be taken for one that is due."""
    how = {"shortest_ms": 900, "longest_ms": 40_000, "seed": "s"}
    found = [shift_of(random.randbytes(8), how) for _ in range(2000)]
    assert (min(found) >= 900, max(found) <= 40_000, len(set(found)) > 1500) == (True, True, True)


async def test_the_probe_measures_the_prefix_where_it_is_worst(session, tiles):
    """Nearly all of them expire together."""
    samples = await KeysExpiringTogether(window_s=1.0, every_s=0.1).measure({"redis": session})
    assert (len(samples), min(s.value for s in samples) > 95) == (10, True)


async def test_keys_that_are_made_again_slowly_do_not_hide_their_clump(admin, session, tiles):
    """While they are gone, the even deadlines of another prefix are not the answer."""
    at = (await admin.time())[0] * 1000 + 11_000
    await _due(admin, at)
    measuring = asyncio.create_task(KeysExpiringTogether(window_s=12.0, every_s=0.25).measure({"redis": session}))
    await asyncio.sleep(13.5)
    await _due(admin, at + 20_000)
    assert min(sample.value for sample in await measuring) > 90


async def _due(admin, at_ms: int) -> None:
    pipe = admin.pipeline(transaction=False)
    for n in range(300):
        pipe.set(f"tile:{n}", "x", pxat=at_ms)
    await pipe.execute()


@pytest.mark.parametrize("renewed", [False, True])
async def test_the_counters_of_a_window_are_not_made_anew(admin, session, renewed):
    """They are counted up until their deadline; a cached number has a new one with every value, and stays."""
    at = (await admin.time())[0] * 1000 + 60_000

    async def clients(least_s: float = 1.8) -> None:
        until = time.monotonic() + least_s
        while time.monotonic() < until:
            pipe = admin.pipeline(transaction=False)
            for n in range(100):
                _ = pipe.set(f"rate:{n}", random.randrange(10_000), ex=60) if renewed else pipe.incr(f"rate:{n}")
            await pipe.execute()
            await asyncio.sleep(0.05)

    pipe = admin.pipeline(transaction=False)
    for n in range(300):
        pipe.set(f"rate:{n}", n, pxat=at)
    await pipe.execute()
    task = asyncio.create_task(clients())
    drawn = await without_counters(session, await draw(session))
    await task
    assert list(drawn) == (["rate:{id}"] if renewed else [])


async def test_an_empty_server_has_no_clump(session):
    """0 %."""
    samples = await KeysExpiringTogether(window_s=0.5, every_s=0.1).measure({"redis": session})
    assert {s.value for s in samples} == {0.0}


async def test_single_flight_is_a_patch(session):
    """Python that compiles, with the time to live that was seen."""
    fix = SingleFlight("tile:{id}", ttl_s=24.0, clients=6.0)
    preview = await fix.preview(session)
    code = fix.patch(preview)
    compile(code, "patch", "exec")
    assert ("ttl_s=24" in code, fix.applicable, "6 clients" in preview.effects[0]) == (True, False, True)


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        ([Recompute(12.0, 0.5, 3.0, 0.0)], ("PROBLEM", "cache_stampede", "home|rendered")),
        ([Recompute(1.0, 0.5, 3.0, 0.0)] * 3, ("OK", None, "")),
        ([Recompute(2.0, 0.5, 3.0, 0.0)], ("OK", None, "")),
        ([], ("UNKNOWN", None, "")),
    ],
)
def test_one_key_is_named_when_many_make_it_at_once(seen, wanted):
    """Two clients may meet by chance."""
    said = judge_key(delta(), "home|rendered", seen)
    assert (said.status, said.code, said.subject) == wanted


async def test_wasted_recomputations_counts_every_miss_after_the_first(admin, session):
    """Nine clients miss it, one of them makes it; this watch's own looks are not counted."""
    await admin.set("home", "x", px=700)

    async def clients() -> None:
        while await admin.exists("home"):  # an EXISTS that finds nothing is the first miss
            await asyncio.sleep(0.005)
        for _ in range(8):
            await admin.get("home")
        await admin.set("home", "x", ex=50)

    task = asyncio.create_task(clients())
    samples = await WastedRecomputations("home", patience_s=5.0).measure({"redis": session})
    await task
    assert ([s.value for s in samples].count(0.0), len(samples)) == (1, 9)


@pytest.mark.parametrize("ttl", [None, 9000])
async def test_a_key_that_does_not_expire_soon_is_refused(admin, session, ttl):
    """It says why."""
    await admin.set("home", "x", ex=ttl)
    with pytest.raises(Refused):
        await WastedRecomputations("home", patience_s=1.0).measure({"redis": session})


def test_a_statement_that_came_in_a_burst_is_shown_without_its_literals():
    """Five times as often as before; what comes all the time is not."""
    first, second = {"1": (100, "a"), "2": (1000, "b")}, {"1": (100, "a"), "2": (2000, "b")}
    third = {"1": (160, "select body from t where name = 'secret'"), "2": (2200, "b"), "3": (2, "c")}
    said = risen(first, second, third, calm_s=10.0, burst_s=2.0)
    assert (len(said), "60 times" in said[0], "secret" in said[0], risen({}, {}, third, calm_s=1.0, burst_s=1.0)) == (1, True, False, [])
