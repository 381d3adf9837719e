"""expire_keys: changes them, changes nothing when dry, no-op if so already, undone exactly, refuses bad input."""

import asyncio
import json

import pytest

from helpers.errors import FixFailed, ParameterError
from helpers.redaction import add_secret
from helpers.redis.deadlines import Deadlines
from helpers.redis.fixes import expire_keys as module
from helpers.redis.fixes.expire_keys import ExpireKeys
from tests.runbooks.redis.state import contents, persistent

FIX = ExpireKeys("cart:{id}", 3600.0, step=50)


@pytest.fixture
async def carts(admin):
    """Carts without and with an expiry, of arbitrary bytes too; other keys that must not be touched."""
    await admin.mset({f"cart:{n}": n for n in range(300)})
    await admin.set("cart:900", "x", ex=77)
    await admin.mset({"cart:index": 1, "carton:5": 1, "user:1": 1, b"cart:\xff\x00\r\n": 1})


async def test_it_expires_the_prefixs_keys_and_no_others(own_redis, admin, session, writer, carts):
    """Spread over the jitter; a key that expires already keeps its own."""
    preview = await FIX.preview(session)
    told: list[str] = []
    await FIX.told(told.append).apply(writer, preview)
    ttls = [await admin.ttl(f"cart:{n}") for n in range(300)]
    assert (await persistent(own_redis.redis_url), len(told)) == ({b"cart:index", b"carton:5", b"user:1"}, 7)
    assert (min(ttls) >= 3590, max(ttls) <= 4320, len(set(ttls)) > 50, await admin.ttl("cart:900") <= 77) == (True,) * 4
    assert await FIX.read_back(session) == "302 of 302 keys of cart:{id} expire now."


async def test_the_preview_changes_nothing_and_its_inverse_is_json(own_redis, session, carts):
    """Every key is named in it, whatever its bytes."""
    before = await contents(own_redis.redis_url)
    preview = await FIX.preview(session)
    inverse = json.loads(json.dumps(preview.inverse))
    assert (await contents(own_redis.redis_url) == before, inverse, len(inverse["keys"])) == (True, preview.inverse, 301)


async def test_it_is_not_needed_where_all_keys_expire(admin, session):
    """No statements."""
    await admin.set("cart:1", "x", ex=50)
    preview = await FIX.preview(session)
    assert (preview.needed, list(preview.statements)) == (False, [])


@pytest.mark.parametrize("journal", [10_000, 0])
async def test_the_undo_makes_exactly_these_keys_persistent_again(own_redis, admin, session, writer, carts, monkeypatch, journal):
    """By the journal, and where there are too many keys for one, by their deadlines; twice is as good as once."""
    monkeypatch.setattr(module, "JOURNAL_KEYS", journal)
    before = await contents(own_redis.redis_url)
    preview = await FIX.preview(session)
    await FIX.apply(writer, preview)
    for _ in range(2):
        await FIX.undo(writer, json.loads(json.dumps(preview.inverse)))
    assert (await contents(own_redis.redis_url) == before, bool(preview.inverse["keys"])) == (True, journal > 0)


async def test_the_undo_leaves_alone_what_the_application_did_meanwhile(admin, session, writer, carts):
    """A key with a new expiry of its own keeps it; one that was deleted stays deleted."""
    preview = await FIX.preview(session)
    await FIX.apply(writer, preview)
    await admin.expire("cart:1", 500)
    await admin.delete("cart:2")
    await FIX.undo(writer, preview.inverse)
    assert (490 < await admin.ttl("cart:1") <= 500, await admin.exists("cart:2"), await admin.ttl("cart:3")) == (True, 0, -1)


async def test_a_change_that_was_cut_off_is_undone_too(own_redis, session, writer, carts):
    """Killed in the middle: some keys have their deadline, some do not yet."""
    before = await contents(own_redis.redis_url)
    preview = await FIX.preview(session)
    enough = asyncio.Event()
    fix = ExpireKeys("cart:{id}", 3600.0, step=10).told(lambda _: enough.set())
    task = asyncio.create_task(fix.apply(writer, preview))
    await enough.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await FIX.undo(writer, preview.inverse)
    assert await contents(own_redis.redis_url) == before


@pytest.mark.parametrize(
    "bad", [ExpireKeys("", 3600.0), ExpireKeys("cart:{id}", 5.0), ExpireKeys("cart:{id}", 0.0), ExpireKeys("cart:{id}", 3600.0, jitter=3.0)]
)
async def test_impossible_targets_are_refused(session, bad):
    """Before anything is asked."""
    with pytest.raises(ParameterError):
        await bad.preview(session)


async def test_an_old_preview_is_not_applied(session, writer, carts):
    """A deadline that is nearly over would delete the keys at once."""
    preview = await FIX.preview(session)
    preview.inverse["deadlines"]["start_ms"] -= 3_000_000
    with pytest.raises(FixFailed):
        await FIX.apply(writer, preview)


async def test_a_journal_that_could_not_be_written_down_whole_is_refused(admin, session):
    """A key that holds a known secret would be masked in the evidence, and the undo would miss it."""
    add_secret("636172743a37")
    await admin.set("cart:7", 1)
    with pytest.raises(FixFailed):
        await FIX.preview(session)


def test_a_deadline_follows_from_the_key_and_the_seed():
    """Within the jitter, and another seed gives another one."""
    one, other = Deadlines(1000, 60_000, 0.5, "s"), Deadlines(1000, 60_000, 0.5, "t")
    assert (
        61_000 <= one.of(b"a") <= 91_000,
        one.of(b"a") == Deadlines.from_json(one.to_json()).of(b"a"),
        one.of(b"a") != other.of(b"a"),
    ) == (True,) * 3


async def test_a_journal_names_no_session(own_redis, admin, session, writer):
    """A session's id is a secret by itself: such keys are told by their deadlines, and undone all the same."""
    await admin.mset({f"session:QvoZwgN8BQHeaDeSHzOt{n:02}": n for n in range(60)})
    fix = ExpireKeys("session:{id}", 3600.0)
    preview = await fix.preview(session)
    await fix.apply(writer, preview)
    changed = await persistent(own_redis.redis_url)
    await fix.undo(writer, preview.inverse)
    assert (preview.inverse["keys"], "QvoZwg" in str(preview), changed, len(await persistent(own_redis.redis_url))) == (
        [],
        False,
        set(),
        60,
    )
