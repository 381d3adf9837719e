"""The three routes, and whatever is sent to them."""

import asyncio

import httpx
import pytest

from helpers.serve.app import application
from helpers.serve.signing import Keys
from helpers.serve.triages import Outcome
from helpers.serve.worker import Pool
from tests.alerts.fuzz import mutated
from tests.serve.sending import BEARER, JSON, body, desk, signed


async def never(_body, _profile):
    """A triage that does not end."""
    await asyncio.sleep(3600)


async def at_once(_body, profile):
    """A triage that found something."""
    return Outcome("done", 1, 0.1, f"incident-of-{profile}", "First: x.", ("x",))


def app_of(to, run=never):
    """The application of a desk, its workers not started: a transport begins no lifespan."""
    return application(to, Pool(to.intake, to.limits, run))


def client_of(app):
    """A client of it that lets errors out."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://serve")


async def test_the_routes_answer():
    """202 with an id, 200 for whoever watches it, the status for those who may see it."""
    async with client_of(app_of(desk())) as client:
        taken = await client.post("/alerts", content=body(), headers=BEARER)
        health, status = await client.get("/healthz"), await client.get("/status", headers=BEARER)
        closed = [(await client.get("/status")).status_code, (await client.get("/status", headers=signed(b""))).status_code]
        others = [(await client.get(path)).status_code for path in ("/alerts", "/docs", "/openapi.json", "/")]
    assert (taken.status_code, taken.json()["status"], health.json()) == (202, "queued", {"status": "ok"})
    assert (status.json()["queue"], status.json()["counts"]) == ({"waiting": 1, "most": 50}, {"accepted": 1, "received": 1})
    assert (closed, others) == ([401, 200], [405, 404, 404, 404])


async def test_no_payload_is_an_error_of_the_server():
    """500 would be one; the transport would let it out."""
    async with client_of(app_of(desk(keys=Keys()))) as client:
        answers = [await client.post("/alerts", content=mutated(seed), headers=JSON) for seed in range(5000, 5300)]
        giant = await client.post("/alerts", content=b'{"alerts": [{"labels": {"alertname": "' + b"x" * 10_000_000 + b'"}}]}', headers=JSON)
    assert ({answer.status_code for answer in answers} <= {202, 400, 503}, giant.status_code) == (True, 413)


@pytest.mark.parametrize("headers", [BEARER, {**BEARER, "content-length": "104857600"}])
async def test_a_hundred_megabytes_are_read_no_further_than_the_bound(headers):
    """Stated or not."""
    read, sent = 0, []

    async def receive():
        nonlocal read
        read += 1
        return {"type": "http.request", "body": b"x" * 65_536, "more_body": read < 1600}

    async def send(message):
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/alerts", "headers": raw, "query_string": b"", "http_version": "1.1"}
    await app_of(desk())(scope, receive, send)
    assert (sent[0]["status"], read <= 17) == (413, True)


async def test_who_goes_away_in_the_middle_is_counted():
    """And nothing is queued."""
    to = desk()

    async def receive():
        return {"type": "http.disconnect"}

    async def send(_message):
        return None

    raw = [(name.encode(), value.encode()) for name, value in BEARER.items()]
    await app_of(to)({"type": "http", "method": "POST", "path": "/alerts", "headers": raw, "query_string": b""}, receive, send)
    assert (to.counts["refused_gone"], to.intake.waiting) == (1, 0)
