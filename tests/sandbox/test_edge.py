"""The edge before the web application: what it keeps for everybody, which function a path belongs to, and what it tells the drain."""

import asyncio
import hashlib
import hmac
import json
import re

import httpx
import pytest

from helpers.sandbox.edge.__main__ import PURGE, application
from helpers.sandbox.edge.drain import Drain, signature
from helpers.sandbox.edge.function import Function
from helpers.sandbox.edge.proxy import Edge
from helpers.sandbox.edge.routes import Routes, pattern_of
from helpers.sandbox.edge.shared_cache import SharedCache, for_clients, lifetime_s
from tests.waiting import eventually


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({"cache-control": "s-maxage=60, stale-while-revalidate=30"}, (60.0, 30.0)),
        ({"cache-control": "max-age=60"}, (0.0, 0.0)),
        ({"cache-control": "private, s-maxage=60"}, (0.0, 0.0)),
        ({"cache-control": "no-store"}, (0.0, 0.0)),
        ({"cache-control": "max-age=0", "cdn-cache-control": "max-age=5"}, (5.0, 0.0)),
        ({}, (0.0, 0.0)),
    ],
)
def test_a_shared_cache_keeps_what_is_meant_for_it(headers, wanted):
    """max-age is for browsers, s-maxage for what stands between."""
    assert lifetime_s(headers) == wanted


def test_clients_do_not_see_what_the_edge_consumed():
    """Their copy is to be asked for again each time."""
    assert for_clients("s-maxage=60, stale-while-revalidate=30") == "public, max-age=0, must-revalidate"
    assert for_clients("private, no-store") == "private, no-store"


def test_an_answer_is_fresh_then_stale_then_gone():
    """By the clock; a request with credentials in a header neither fills nor reads it."""
    now = [0.0]
    cache = SharedCache(clock=lambda: now[0])
    control = (("cache-control", "s-maxage=10, stale-while-revalidate=5"),)
    cache.offer("GET", "/a", {"authorization": "x"}, 200, control, b"1", "r1")
    assert cache.find("GET", "/a", {})[1] == "MISS"
    cache.offer("GET", "/a", {"cookie": "session=1"}, 200, control, b"1", "r1")
    seen = []
    for at in (5.0, 12.0, 16.0):
        now[0] = at
        seen.append(cache.find("GET", "/a", {})[1])
    now[0] = 1.0
    assert (seen, cache.find("GET", "/a", {"authorization": "x"})[1], cache.purge()) == (["HIT", "STALE", "MISS"], "MISS", 1)


def test_routes_are_those_of_the_build(tmp_path):
    """With the limit their code states."""
    built = tmp_path / "server"
    built.mkdir()
    (built / "app-paths-manifest.json").write_text(
        json.dumps({"/api/orders/[id]/route": "x", "/api/orders/latest/route": "y", "/page": "z"})
    )
    (built / "functions-config-manifest.json").write_text(json.dumps({"functions": {"/api/orders/[id]": {"maxDuration": 5}}}))
    routes = Routes(tmp_path, 10.0)
    found = [(routes.of(path).shape, routes.of(path).limit_s) for path in ("/api/orders/7", "/api/orders/latest", "/", "/other")]
    assert found == [("/api/orders/[id]", 5.0), ("/api/orders/latest", 10.0), ("/", 10.0), ("/other", 10.0)]
    assert pattern_of("/docs/[...slug]").fullmatch("/docs/a/b")


async def test_the_drain_is_signed_and_kept(tmp_path):
    """A receiver can check each body; what it refuses is in the file."""
    got = []
    transport = httpx.MockTransport(lambda request: (got.append(request), httpx.Response(500))[1])
    drain = Drain(tmp_path / "d.ndjson", {"deploymentId": "dpl_1"}, url="http://receiver.example/", secret="s")
    drain.add(source="lambda", level="info", message="a", requestId=None)
    async with httpx.AsyncClient(transport=transport) as client:
        await drain.deliver(client)
        await drain.deliver(client)
    (sent,) = got
    body = sent.content
    wanted = hmac.new(b"s", body, hashlib.sha1).hexdigest()
    entry = json.loads((tmp_path / "d.ndjson").read_text())
    assert (sent.headers["x-vercel-signature"], signature(body, "s"), entry["deploymentId"], "requestId" in entry) == (
        wanted,
        wanted,
        "dpl_1",
        False,
    )


async def test_a_function_that_does_not_start_is_the_platforms_500(tmp_path):
    """With the documented code, and no answer of the function in the drain."""
    function_ended = []
    edge = Edge(Routes(tmp_path, 1.0), Drain(tmp_path / "d.ndjson", {}))
    edge.function = Function(tmp_path, ["/bin/sh", "-c", "echo no; exit 3"], {"PATH": "/bin:/usr/bin"}, edge.spoken, function_ended.append)
    settings = {"folder": str(tmp_path), "drain": {"file": str(tmp_path / "e.ndjson")}, "about": {}, "limit_s": 1.0,
                "command": ["/bin/sh", "-c", "exit 3"], "environment": {"PATH": "/bin:/usr/bin"}}  # fmt: skip
    app = application(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example") as client,
    ):
        answer = await client.get("/api/orders")
        purged = (await client.post(PURGE)).json()
    started = await edge.function.ready()
    async with asyncio.timeout(30):
        while not function_ended:
            await asyncio.sleep(0.02)
    await edge.function.close()
    said = (answer.status_code, answer.headers["x-vercel-error"], purged, started, function_ended)
    assert said == (500, "FUNCTION_INVOCATION_FAILED", {"purged": 0}, False, [3])


async def test_the_web_application_runs_behind_it(fresh_sandbox):
    """Routes, sessions by cookie, ids, what is prerendered; the drain holds each request with its deployment."""
    async with (
        fresh_sandbox(services=("postgres", "redis", "web")) as sandbox,
        httpx.AsyncClient(base_url=sandbox.web_url, timeout=20) as client,
    ):
        found = {
            path: await client.get(path) for path in ("/", "/api/orders?customer_id=42", "/api/orders?customer_id=x", "/api/me", "/nope")
        }
        drained = sandbox.folder / "logs" / "shop-web.ndjson"
        eventually(lambda: drained.exists() and drained.read_text().count('"statusCode": 4') >= 3)
        entries = [json.loads(line) for line in drained.read_text().splitlines()]
    assert [answer.status_code for answer in found.values()] == [200, 200, 400, 401, 404]
    assert (found["/"].headers["x-vercel-cache"], found["/api/orders?customer_id=42"].headers["x-vercel-cache"]) == ("PRERENDER", "MISS")
    assert all(re.fullmatch(r"fra1::iad1::[\w-]+", answer.headers["x-vercel-id"]) for answer in found.values())
    shapes = {entry["path"]: entry["statusCode"] for entry in entries if "statusCode" in entry}
    assert (shapes["/api/me"], {entry["deploymentId"][:4] for entry in entries}) == (401, {"dpl_"})
