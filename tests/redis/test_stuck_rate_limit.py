"""stuck_rate_limit: the counters found on a real server, the probe, the fix expire_counters with its undo, and the pure judge."""

import asyncio
import json

import pytest

from helpers import redis
from helpers.errors import FixFailed, ParameterError, Unreachable
from helpers.redis.checks import stuck_rate_limit
from helpers.redis.counters import Limit, Limits, gather, integers
from helpers.redis.deltas import Reading, subtract
from helpers.redis.dumps import dump_of_integer
from helpers.redis.fixes import expire_counters as module
from helpers.redis.fixes.count_atomically import CountAtomically
from helpers.redis.fixes.expire_counters import ExpireCounters
from helpers.redis.population import Population
from tests.runbooks.redis.state import contents, persistent

FIX = ExpireCounters("hits:{id}", 600.0)
STUCK = {f"hits:{n}".encode() for n in range(5)}


@pytest.fixture
async def limited(admin):
    """A limit with five counters without an expiry, beside what is none: page views, text, other types, pinned words."""
    for number in range(60):
        await admin.set(f"hits:{number}", 10 * number, ex=None if number < 5 else 500)
    await admin.mset({f"views:{n}": n for n in range(30)})
    for number in range(30):
        await admin.set(f"token:{number}", "pinned" if number == 0 else "word", ex=None if number == 0 else 500)
    await admin.hset("hits:900", "a", 1)
    await admin.set("hits:901", "no number")


async def test_only_integers_beside_expiring_ones_are_counters_of_a_limit(session, limited):
    """Page views, which all stay, and words are none."""
    found = await gather(session)
    assert [(r.prefix, set(r.stuck), r.expiring >= 55, 490 < r.window_s <= 500) for r in found.rows] == [("hits:{id}", STUCK, True, True)]


async def test_a_named_prefix_is_found_although_none_of_it_expires(session, limited):
    """What is given needs no siblings."""
    found = await gather(session, prefix="views:{id}")
    assert [(r.prefix, r.bare, r.expiring) for r in found.rows] == [("views:{id}", 30, 0)]


async def test_where_values_may_not_be_read_the_encoding_tells_integers(own_redis, admin, limited):
    """Without their numbers; whether they count is not seen then, so the prefix must be given."""
    from helpers.redis.connect import open_session

    await admin.acl_setuser("plain", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-getrange"])
    url = own_redis.redis_url.split("@")[-1]
    blind = await open_session(f"redis://plain:x@{url}", application_name="runbook:test")
    try:
        found = await integers(blind, [b"hits:0", b"hits:900", b"hits:901", b"absent"])
        said = [await redis.stuck_rate_limit(blind, watch_s=0.1, prefix=given) for given in ("", "hits:{id}")]
    finally:
        await blind.close()
    assert (found, [s.code for s in said], "+getrange" in said[0].summary) == ({b"hits:0": None}, [None, "stuck_rate_limit"], True)


async def test_the_probe_counts_them_and_not_those_that_get_their_expiry(admin, session, limited):
    """Five; none once they expire."""
    probe = redis.counters_without_expiry(window_s=0.6, every_s=0.1)
    stuck = [s.value for s in await probe.measure({"redis": session})]
    for key in STUCK:
        await admin.expire(key, 100)
    assert (set(stuck), {s.value for s in await probe.measure({"redis": session})}) == ({5.0}, {0.0})


async def test_a_server_that_is_gone_is_not_zero(own_redis, session):
    """Even where there was no such counter to look at."""
    probe = redis.counters_without_expiry()
    await own_redis.kill("redis")
    with pytest.raises(Unreachable):
        await probe.look(session)


@pytest.mark.parametrize("value", [0, 7, -1, 63, 12_345, -(2**63), 2**63 - 1])
async def test_a_number_restored_is_what_the_server_itself_would_dump(admin, value):
    """Its value and its encoding."""
    await admin.set("own", value)
    await admin.restore("made", 0, dump_of_integer(value))
    assert (await admin.get("made"), await admin.dump("made")) == (str(value).encode(), await admin.dump("own"))


async def test_it_expires_exactly_these_counters(own_redis, admin, session, writer, limited):
    """Words, hashes and other prefixes stay as they are; counters that expire keep their own deadline."""
    before = await persistent(own_redis.redis_url)
    preview = await FIX.preview(session)
    await FIX.apply(writer, preview)
    changed = before - await persistent(own_redis.redis_url)
    ttls = [await admin.ttl(key) for key in STUCK]
    assert (changed, min(ttls) >= 590, max(ttls) <= 630, await admin.ttl("hits:7") <= 500) == (STUCK, True, True, True)
    assert await FIX.read_back(session) == "Every counter of hits:{id} expires."


async def test_the_preview_changes_nothing_and_shows_the_atomic_form(own_redis, session, limited):
    """Its inverse is JSON and holds each number."""
    before = await contents(own_redis.redis_url)
    preview = await FIX.preview(session)
    kept = {bytes.fromhex(key): value for key, value in json.loads(json.dumps(preview.inverse))["counters"]}
    assert (await contents(own_redis.redis_url) == before, kept) == (True, {b"hits:%d" % n: 10 * n for n in range(5)})
    assert "nx=True" in FIX.patch(preview)


async def test_it_is_not_needed_where_all_counters_expire(session):
    """No statements."""
    preview = await FIX.preview(session)
    assert (preview.needed, list(preview.statements)) == (False, [])


@pytest.mark.parametrize("journal", [5_000, 0])
async def test_the_undo_makes_exactly_these_persistent_again(own_redis, session, writer, limited, monkeypatch, journal):
    """By the journal, and without one by their deadlines; twice is as good as once."""
    monkeypatch.setattr(module, "JOURNAL_KEYS", journal)
    before = await contents(own_redis.redis_url)
    preview = await FIX.preview(session)
    await FIX.apply(writer, preview)
    for _ in range(2):
        await FIX.undo(writer, json.loads(json.dumps(preview.inverse)))
    assert (await contents(own_redis.redis_url) == before, bool(preview.inverse["counters"])) == (True, journal > 0)


async def test_the_undo_restores_what_has_expired_and_leaves_new_counters(own_redis, admin, session, writer, limited):
    """One that somebody counts anew in its place stays, and one that was deleted before its time too."""
    fix = ExpireCounters("hits:{id}", 1.0)
    preview = await fix.preview(session)
    await fix.apply(writer, preview)
    await admin.delete("hits:4")
    async with asyncio.timeout(10):
        while any([await admin.exists(key) for key in STUCK]):
            await asyncio.sleep(0.05)
    await admin.set("hits:1", 1, ex=500)
    inverse = json.loads(json.dumps(preview.inverse))
    await fix.undo(writer, inverse)
    values = [await admin.get(f"hits:{n}") for n in range(4)]
    assert (values, await admin.ttl("hits:1") > 490, await admin.ttl("hits:2")) == ([b"0", b"1", b"20", b"30"], True, -1)


async def test_an_old_preview_is_not_applied(session, writer, limited):
    """Its deadline would end the counters at once."""
    preview = await FIX.preview(session)
    preview.inverse["deadlines"]["start_ms"] -= 700_000
    with pytest.raises(FixFailed):
        await FIX.apply(writer, preview)


@pytest.mark.parametrize("bad", [ExpireCounters("", 60.0), ExpireCounters("hits:{id}", 0.0), ExpireCounters("hits:{id}", 60.0, jitter=2.0)])
async def test_impossible_targets_are_refused(session, bad):
    """Before anything is asked."""
    with pytest.raises(ParameterError):
        await bad.preview(session)


async def test_the_proposal_is_the_atomic_form_and_is_never_applied(session):
    """count_atomically is text, with the window in it."""
    fix = CountAtomically("hits:{id}", 60.0)
    preview = await fix.preview(session)
    with pytest.raises(FixFailed):
        await fix.apply(None, preview)
    with pytest.raises(ParameterError):
        await CountAtomically("hits:{id}", 0.0).preview(session)
    assert ("window_s: int = 60" in fix.patch(preview), "nx=True" in fix.patch(preview)) == (True, True)


INFO = {"run_id": "a", "redis_version": "8", "total_commands_processed": 100, "evicted_keys": 0, "used_memory": 1}


def seen(*rows: Limit, counts: bool = True, complete: bool = True, made: Population | None = None, **later) -> stuck_rate_limit.Seen:
    keys = [key for row in rows for key in (*row.stuck, *row.siblings)]
    last = dict.fromkeys(keys, 6 if counts else 5)
    delta = subtract(Reading(0.0, INFO), Reading(4.0, {**INFO, "total_commands_processed": 200, **later}))
    return stuck_rate_limit.Seen(delta, Limits(rows, complete, 100), dict.fromkeys(keys, 5), last, made)


EARLY = Population("hits:{id}", 9, 9, watched_s=4.0, made=9, made_ttl_s=0.06, longest_s=0.06, shortest_s=0.01, outliving=0)
LIMIT = Limit("hits:{id}", 50, 2, 300.0, [b"hits:1", b"hits:2"], [b"hits:3"])


@pytest.mark.parametrize(
    ("facts", "given", "wanted"),
    [
        (seen(LIMIT), {}, ("PROBLEM", "stuck_rate_limit", "hits:{id}", {"prefix": "hits:{id}", "ttl_s": 300.0})),
        (seen(LIMIT), {"ttl_s": 60.0}, ("PROBLEM", "stuck_rate_limit", "hits:{id}", {"prefix": "hits:{id}", "ttl_s": 60.0})),
        (seen(LIMIT, counts=False), {}, ("UNKNOWN", None, "", {})),
        (
            seen(LIMIT, counts=False),
            {"prefix": "hits:{id}"},
            ("PROBLEM", "stuck_rate_limit", "hits:{id}", {"prefix": "hits:{id}", "ttl_s": 300.0}),
        ),
        (seen(Limit("hits:{id}", 1, 9, 300.0, [b"hits:1"])), {"prefix": "hits:{id}"}, ("PROBLEM", "missing_ttl", "hits:{id}", {})),
        (seen(), {}, ("OK", None, "", {})),
        (seen(complete=False), {}, ("UNKNOWN", None, "", {})),
        (
            seen(made=EARLY),
            {"prefix": "hits:{id}", "ttl_s": 60.0},
            ("PROBLEM", "stuck_rate_limit", "hits:{id}", {"prefix": "hits:{id}", "ttl_s": 60.0}),
        ),
        (seen(made=EARLY), {"prefix": "hits:{id}", "ttl_s": 5.0}, ("OK", None, "", {})),  # no older than the time watched
        (seen(LIMIT, errorstat_OOM="count=5"), {}, ("PROBLEM", "memory_full", "OOM", {})),
        (seen(LIMIT, evicted_keys=5), {}, ("PROBLEM", "eviction_churn", "evicted_keys", {})),
    ],
)
def test_the_judge_names_what_was_seen_counting_and_nothing_else(facts, given, wanted):
    """And its neighbours first."""
    said = stuck_rate_limit.judge(facts, **given)
    assert (said.status, said.code, said.subject, said.target) == wanted
