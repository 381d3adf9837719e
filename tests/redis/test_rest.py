"""Redis behind a REST interface: the same session, bytes intact, what the service lacks is refused and the rest goes on."""

import json

import httpx
import pytest

from helpers.errors import BadAnswer, Refused, SystemProblem, TimedOut, Unreachable
from helpers.redis.checks.missing_ttl import missing_ttl
from helpers.redis.connect import open_session
from helpers.redis.keyspace import sample
from helpers.redis.rest.connect import Rest
from helpers.redis.write import open_writer
from tests.redis.upstash import upstash


@pytest.fixture
async def address(own_redis):
    async with upstash(own_redis.redis_url) as url:
        yield url


@pytest.fixture
async def rest(address):
    session = await open_session(address, application_name="runbook:test")
    yield session
    await session.close()


async def test_it_answers_as_a_socket_does(rest, session, admin):
    """Numbers, nulls, lists, statuses, and values of arbitrary bytes; in a pipeline and alone."""
    await admin.set("OK", "OK")
    await admin.set("bytes", bytes(range(256)))
    questions = [
        ("GETRANGE", "bytes", 0, 255),
        ("GETRANGE", "OK", 0, 9),
        ("PTTL", "gone"),
        ("TYPE", "bytes"),
        ("STRLEN", "bytes"),
        ("PING",),
    ]
    assert await rest.ask_many(questions) == await session.ask_many(questions)
    assert await rest.ask("GETRANGE", "bytes", 0, 255) == bytes(range(256))
    assert await rest.ask("RANDOMKEY") in (b"OK", b"bytes")


async def test_what_the_service_lacks_is_refused_in_its_place(rest, admin):
    """And so is a key that is no UTF-8; the other replies stay where they belong."""
    await admin.lpush("l", 1)
    replies = await rest.ask_many([("DBSIZE",), ("OBJECT FREQ", "l"), ("PTTL", b"\xff\xfe"), ("STRLEN", "l"), ("LLEN", "l")])
    assert [r if isinstance(r, int) else type(r) for r in replies] == [1, Refused, Refused, BadAnswer, 1]
    with pytest.raises(Refused, match="not available"):
        await rest.settings("maxmemory")


async def test_who_and_where(rest, address):
    """The place has no token in it; what it cost is counted."""
    assert "master" in await rest.ping()
    identity = await rest.identity()
    assert ("tok" not in identity, identity.startswith("127.0.0.1:"), rest.footprint()["commands"] > 2) == (True, True, True)
    assert await (await rest.sibling()).ask("PING") == b"PONG"


async def test_a_wrong_token_and_no_server_are_unreachable(address):
    """With the next step, without the token."""
    with pytest.raises(Unreachable, match="token") as refused:
        await open_session(address.replace("AX_", "BX_"), application_name="x")
    assert "BX_" not in f"{refused.value} {refused.value.remedy}"
    with pytest.raises(Unreachable, match="reached"):
        await open_session("http://:t@127.0.0.1:9", application_name="x")
    with pytest.raises(Unreachable, match="no token"):
        await open_session("https://cache.example", application_name="x")


async def test_the_keyspace_is_sampled_and_a_cause_is_not_made_up(rest, admin):
    """Without MEMORY, OBJECT and CONFIG: prefixes, types and TTLs come, the judge is honest."""
    await admin.mset({f"page:{n}": "x" for n in range(400)})
    for n in range(300):
        await admin.set(f"session:{n}", "x", ex=900)
    found = await sample(rest)
    rows = {row.prefix: row for row in found.tally.rows(found.total_keys)}
    assert {"page:{id}", "session:{id}"} <= set(rows)
    assert (rows["page:{id}"].without_ttl_pct, rows["session:{id}"].without_ttl_pct) == (100.0, 0.0)
    assert (await missing_ttl(rest, watch_s=1.0)).code in (None, "missing_ttl")


async def test_a_fix_writes_and_a_read_only_token_does_not(own_redis, admin, address):
    """What the ACL forbids comes back as refused."""
    writer = await open_writer(address, application_name="runbook:test")
    await admin.set("a", "1")
    assert await writer.execute("PEXPIRE", "a", 60_000) == 1
    await admin.execute_command("ACL", "SETUSER", "reader", "on", ">pw", "~*", "+@read", "+ping", "+info")
    await writer.close()
    async with upstash(own_redis.redis_url.replace("redis://", "redis://reader:pw@", 1) if "@" not in own_redis.redis_url else
                       f"redis://reader:pw@{own_redis.redis_url.rpartition('@')[2]}") as read_only:  # fmt: skip
        reader = await open_writer(read_only, application_name="runbook:test")
        with pytest.raises(Refused, match="NOPERM"):
            await reader.execute("PEXPIRE", "a", 1)
        await reader.close()


def answering(answer):
    """A wire whose server answers as given."""
    wire = Rest("http://:t@redis.test", "x")
    wire._client = httpx.AsyncClient(base_url="http://redis.test", transport=httpx.MockTransport(answer))
    return wire


def slow(request):
    raise httpx.ReadTimeout("late")


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (slow, TimedOut),
        (lambda r: httpx.Response(502, text="<html>"), Unreachable),
        (lambda r: httpx.Response(429), Unreachable),
        (lambda r: httpx.Response(200, text="<html>"), BadAnswer),
        (lambda r: httpx.Response(200, json=[1, 2]), BadAnswer),
        (lambda r: httpx.Response(200, json=[{"result": 1}]), BadAnswer),
        (lambda r: httpx.Response(400, json={"error": "ERR max request size exceeded"}), BadAnswer),
    ],
    ids=["slow", "gateway", "rate", "html", "form", "too few", "too large"],
)
async def test_whatever_else_comes_is_a_problem_with_a_name(answer, problem):
    """Nothing is taken for a reply."""
    with pytest.raises(problem):
        await answering(answer).many([["PING"], ["DBSIZE"]], 1.0)


async def test_a_status_that_is_not_encoded_is_taken_as_it_is():
    """As the service's own clients do."""
    wire = answering(
        lambda r: httpx.Response(200, json={"result": "not base64!"} if json.loads(r.content) == ["PING"] else {"result": "OK"})
    )
    assert [await wire.one(["PING"], 1.0), await wire.one(["TYPE", "x"], 1.0)] == [b"not base64!", b"OK"]
    assert isinstance(await wire.many([["GET", b"\xff"]], 1.0), list)
    assert all(isinstance(r, SystemProblem) for r in await wire.many([["GET", b"\xff"]], 1.0))
