"""kill_slow_client, unlink_big_key, replace_slow_command: change it, dry changes nothing, no-op, undo, refuse."""

import dataclasses

import pytest
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from helpers.errors import FixFailed, ParameterError
from helpers.redis.fixes.kill_slow_client import KillSlowClient
from helpers.redis.fixes.replace_slow_command import ReplaceSlowCommand
from helpers.redis.fixes.unlink_big_key import UnlinkBigKey
from tests.runbooks.redis.state import contents


@pytest.fixture
async def job(own_redis, admin):
    """A client that has sent KEYS and nothing else, and what CLIENT LIST says of it."""
    client = type(admin).from_url(own_redis.redis_url, client_name="report", driver_info=None, single_connection_client=True, retry=Retry(NoBackoff(), 0))  # fmt: skip
    await client.initialize()
    await client.keys("nothing:*")
    listed = next(c for c in await admin.client_list() if c["name"] == "report")
    yield client, KillSlowClient(int(listed["id"]), listed["addr"], "report", "KEYS")
    await client.aclose()


async def test_a_client_is_ended_and_read_back(job, session, writer):
    """Dry it stays; ended it is gone, and a second time there is nothing to do."""
    _, fix = job
    preview = await fix.preview(session)
    dry = (await fix.preview(session)).needed
    await fix.apply(writer, preview)
    said = await fix.read_back(session)
    assert (dry, "gone" in said, (await fix.preview(session)).needed) == (True, True, False)
    with pytest.raises(FixFailed):
        await fix.undo(writer, {})


@pytest.mark.parametrize("changes", [{"addr": "10.9.9.9:1"}, {"client_name": "other"}, {"command": "SORT"}])
async def test_another_client_is_left_alone(job, session, changes):
    """Another address, name, or work than was diagnosed."""
    with pytest.raises(FixFailed):
        await dataclasses.replace(job[1], **changes).preview(session)


async def test_a_client_that_turned_subscriber_meanwhile_is_left_alone(job, session, writer):
    """Looked at again just before."""
    client, fix = job
    preview = await fix.preview(session)
    await client.get("a")
    with pytest.raises(FixFailed):
        await fix.apply(writer, preview)


async def test_a_big_key_is_unlinked_and_restored_with_its_expiry(own_redis, admin, session, writer):
    """Bytes, deadline and all; dry nothing changes; the undo may come twice, and takes the kept dump away."""
    await admin.hset("Big {a} Key", mapping={f"f{n}": "\xff" * 20 for n in range(3000)})
    await admin.expire("Big {a} Key", 5000)
    before, fix = await contents(own_redis.redis_url), UnlinkBigKey("Big {a} Key")
    preview = await fix.preview(session)
    dry = await contents(own_redis.redis_url)
    await fix.apply(writer, preview)
    said, there, again = await fix.read_back(session), await admin.exists("Big {a} Key"), await fix.preview(session)
    for _ in range(2):
        await fix.undo(writer, preview.inverse)
    assert (dry == before, "gone" in said, there, again.needed) == (True, True, 0, False)
    assert await contents(own_redis.redis_url) == before


async def test_an_undo_leaves_a_key_made_anew_alone(admin, session, writer):
    """And takes the kept dump away."""
    await admin.sadd("board", *range(100))
    fix = UnlinkBigKey("board")
    preview = await fix.preview(session)
    await fix.apply(writer, preview)
    await admin.sadd("board", "new")
    await fix.undo(writer, preview.inverse)
    assert (await admin.smembers("board"), await admin.keys("*")) == ({b"new"}, [b"board"])


async def test_an_undo_after_a_crash_before_anything_changed_changes_nothing(admin, session, writer):
    """The intent was written, and no more."""
    await admin.sadd("board", *range(100))
    preview = await UnlinkBigKey("board").preview(session)
    await UnlinkBigKey("board").undo(writer, preview.inverse)
    assert await admin.scard("board") == 100


@pytest.mark.parametrize("bad", [UnlinkBigKey(""), UnlinkBigKey("a", keep_s=1.0), KillSlowClient(0, "")])
async def test_impossible_targets_are_refused(session, bad):
    """With what is needed."""
    with pytest.raises(ParameterError):
        await bad.preview(session)


async def test_a_key_that_is_a_secret_is_not_written_down(session):
    """A session's id in its name."""
    with pytest.raises(FixFailed, match="token"):
        await UnlinkBigKey("session:QvoZwgN8BQHeaDeSHzOtUg").preview(session)


async def test_the_plan_names_the_command_and_splits_a_big_key(session):
    """A text, never applied."""
    fix = ReplaceSlowCommand("HGETALL", "cart:{id}", "web", 90_000)
    text = fix.patch(await fix.preview(session))
    assert ("HSCAN" in text, "% 90" in text, fix.applicable) == (True, True, False)
