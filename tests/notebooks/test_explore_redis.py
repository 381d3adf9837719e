"""The tour of Redis runs to its end: with keys, empty, with few rights, over REST, and when the server is gone."""

import pytest
import redis.asyncio

from helpers.redis.checks.clients_by_name import clients_by_name
from helpers.redis.checks.slow_log import slow_log
from helpers.redis.checks.time_by_command import time_by_command
from helpers.redis.checks.times_to_live import buckets
from helpers.redis.connect import open_session
from helpers.redis.tally import KeyFacts
from helpers.report.pictures.treemap import squarify
from helpers.results import Status
from tests.redis.upstash import upstash

TOUR = "3_explore_redis"
PICTURES = ["keys", "expiry", "commands"]


async def filled(url: str) -> None:
    async with redis.asyncio.Redis.from_url(url, client_name="shop&<b>") as client:
        await client.mset({f"page:{n}": "x" * 200 for n in range(300)})
        for n in range(100):
            await client.set(f"session:{n:032x}", "y", ex=1800)
        await client.set(b"\xff<script>:1", "z")
        await client.config_set("slowlog-log-slower-than", 0)
        await client.lrange("page", 0, -1)
        await client.config_set("slowlog-log-slower-than", 10_000)


async def test_it_shows_what_is_in_it_and_changes_nothing(fresh_sandbox, walk):
    """Three pictures; tokens are cut, foreign bytes are text; idle times and statistics of keys stay."""
    async with fresh_sandbox(services=("redis",)) as sandbox:
        await filled(sandbox.redis_url)
        shown = await walk(TOUR, {"redis": sandbox.redis_url})
        async with redis.asyncio.Redis.from_url(sandbox.redis_url) as client:
            assert ((await client.info("commandstats")).get("cmdstat_get"), await client.dbsize()) == (None, 401)
    drawn = [name for name, (mimes, _) in shown.items() if "image/svg+xml" in mimes]
    assert (drawn, "page:{id}" in shown["keys"][1], "&lt;script" in shown["keys-rows"][1]) == (PICTURES, True, True)
    assert ("LRANGE" in shown["slow"][1], "no cluster" in shown["nodes"][1], f"{5:032x}" in str(shown)) == (True, True, False)
    assert "never" in shown["expiry"][1]


async def test_an_empty_server_and_one_that_tells_little(fresh_sandbox, walk):
    """Nothing is made up; what the service lacks is UNKNOWN or told, and the rest comes."""
    async with fresh_sandbox(services=("redis",)) as sandbox:
        empty = await walk(TOUR, {"redis": sandbox.redis_url})
        await filled(sandbox.redis_url)
        async with upstash(sandbox.redis_url) as address:
            rest = await walk(TOUR, {"redis": address})
    assert ("There are no keys." in empty["keys"][1], "no keys" in empty["expiry"][1]) == (True, True)
    assert ("page:{id}" in rest["keys"][1], "UNKNOWN" in rest["slow"][1] or "SKIPPED" in rest["slow"][1]) == (True, True)


async def test_a_server_that_is_gone_is_not_green(walk):
    """Every cell says UNKNOWN; none breaks."""
    shown = await walk(TOUR, {"redis": "redis://:secret-gone@127.0.0.1:1/0"})
    said = {name: "UNKNOWN" in text for name, (_, text) in shown.items() if name != "close"}
    assert (set(said.values()), "secret-gone" in str(shown)) == ({True}, False)


async def test_what_the_checks_say_of_a_real_server(fresh_sandbox):
    """Commands with their share, the slow log by kind of key, clients by name."""
    async with fresh_sandbox(services=("redis",)) as sandbox:
        await filled(sandbox.redis_url)
        session = await open_session(sandbox.redis_url, application_name="runbook:test")
        async with redis.asyncio.Redis.from_url(sandbox.redis_url, client_name="worker") as client:
            await client.ping()
            mix, slow, clients = await time_by_command(session, watch_s=0.3), await slow_log(session), await clients_by_name(session)
        await session.close()
    assert (mix.status, "INFO" in {r.command for r in mix}) == (Status.OK, True)
    assert ("LRANGE", "page") in {(r.command, r.key) for r in slow}
    assert [(r.who, r.clients) for r in clients if r.who == "worker"] == [("worker", 1)]
    assert not [r for r in clients if r.who.startswith("runbook")]


def test_times_to_live_fall_into_steps():
    """Every key is counted once, the others of many prefixes together."""
    keys = [KeyFacts(f"p{p}:1".encode(), f"p{chr(97 + p)}:{{id}}", "string", ttl) for p in range(10) for ttl in (-1, 500, 1000, 90_000_000)]
    rows = buckets(keys)
    assert (sum(r.keys for r in rows), rows[-1].prefix, {r.from_s for r in rows}) == (40, "(others)", {None, 0, 1, 86_400})


@pytest.mark.parametrize("shares", [[1.0], [0.5, 0.3, 0.1, 0.05, 0.05], [0.01] * 60])
def test_the_treemap_fills_its_box(shares):
    """Each area is its share, nothing sticks out."""
    boxes = squarify(shares, (0.0, 0.0, 30.0, 14.0))
    total = sum(shares)
    assert [round(w * h / 420 * total, 6) for _, _, w, h in boxes] == [round(s, 6) for s in shares]
    assert all(x >= -1e-9 and y >= -1e-9 and x + w <= 30 + 1e-6 and y + h <= 14 + 1e-6 for x, y, w, h in boxes)
