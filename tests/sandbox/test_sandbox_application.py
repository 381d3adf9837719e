"""The demo application does what a small shop does, and says so in its log."""

from __future__ import annotations

import json

import asyncpg
import httpx
import pytest


@pytest.fixture
async def client(sandbox_server):
    """An HTTP client of the demo application."""
    async with httpx.AsyncClient(base_url=sandbox_server.api_url, trust_env=False, timeout=20) as http:
        yield http


async def test_an_order_is_placed_read_and_paid_once(client):
    """POST, GET and two payments agree with each other."""
    new = {"customer_id": 42, "shipping_address": "1 Long Street", "items": [{"sku": "SKU-1", "quantity": 2, "price_cents": 350}]}
    number = (await client.post("/orders", json=new)).json()["id"]
    await client.post(f"/orders/{number}/pay")
    await client.post(f"/orders/{number}/pay")
    order = (await client.get(f"/orders/{number}")).json()
    assert (order["status"], order["total_cents"], order["items"]) == ("paid", 700, new["items"])


async def test_orders_are_listed_for_one_customer(client):
    """Twenty or so, all of that customer."""
    orders = (await client.get("/orders", params={"customer_id": 17})).json()
    assert len(orders) >= 20
    assert {o["customer_id"] for o in orders} == {17}


async def test_a_customer_is_read_through_the_cache(client, sandbox_server):
    """The first read fills Redis, the second returns the same."""
    import redis.asyncio

    first = (await client.get("/customers/5")).json()
    async with redis.asyncio.from_url(sandbox_server.redis_url) as cache:
        ttl = await cache.ttl("customer:5")
    assert (await client.get("/customers/5")).json() == first
    assert 0 < ttl <= 60


async def test_a_session_lives_in_redis(client):
    """What was opened is found, what was not is 404."""
    opened = (await client.post("/sessions", json={"customer_id": 9})).json()
    found = (await client.get(f"/sessions/{opened['id']}")).json()
    assert (found["customer_id"], (await client.get("/sessions/none")).status_code) == (9, 404)


async def test_the_report_covers_most_orders(client):
    """Revenue by month and status, without new orders."""
    lines = (await client.get("/reports/revenue")).json()
    assert "new" not in {line["status"] for line in lines}
    assert sum(line["orders"] for line in lines) > 40_000


@pytest.mark.parametrize(
    ("path", "status"), [("/customers?email=customer1@example.com", 200), ("/flags/new-checkout", 200), ("/orders?customer_id=x", 422)]
)
async def test_the_other_routes_answer(client, path, status):
    """Each with its status."""
    assert (await client.get(path)).status_code == status


async def test_every_request_is_one_line_of_json(client, sandbox_server):
    """In OpenTelemetry's words, with the caller's request id."""
    await client.get("/orders/3", headers={"X-Request-ID": "trace-me"})
    lines = [json.loads(line) for line in (sandbox_server.folder / "logs" / "shop-api.ndjson").read_text().splitlines()]
    found = next(line for line in lines if line.get("request_id") == "trace-me")
    wanted = {
        "event": "request",
        "http_route": "/orders/{order_id}",
        "http_request_method": "GET",
        "url_path": "/orders/3",
        "http_response_status_code": 200,
    }
    assert ({k: found[k] for k in wanted}, found["timestamp"][-1], found["duration_ms"] > 0) == (wanted, "Z", True)


async def test_its_sessions_carry_its_name_and_an_ordinary_role(client, admin):
    """application_name is set, and the role is no superuser."""
    rows = await admin.fetch(
        "select distinct usename, rolsuper from pg_stat_activity join pg_roles on rolname = usename where application_name = 'shop-api'"
    )
    assert [tuple(r) for r in rows] == [("shop_app", False)]


async def test_the_profiles_role_owns_the_tables_and_is_no_superuser(sandbox_server):
    """What a runbook is given can fix things, and nothing more."""
    connection = await asyncpg.connect(sandbox_server.postgres_dsn)
    row = await connection.fetchrow(
        "select rolsuper, pg_has_role('pg_monitor', 'usage') as sees, pg_has_role('pg_signal_backend', 'usage') as ends,"
        " (select tableowner = current_user from pg_tables where tablename = 'orders') as owns from pg_roles where rolname = current_user"
    )
    await connection.close()
    assert dict(row) == {"rolsuper": False, "sees": True, "ends": True, "owns": True}
