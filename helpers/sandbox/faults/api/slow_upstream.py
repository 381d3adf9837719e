"""A service of somebody else answers slowly, and the application waits for it without a bound.

Three ways: a call without a time-out, one whose time-out is multiplied by attempts that follow each other at once, and one made inside a
transaction, whose row stays locked meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.api._code import Change, CodeFault, Request
from helpers.sandbox.faults.api._upstream import Upstream

__all__ = ["SlowUpstream"]

_SETTINGS = "shop/settings.py"
_ORDERS = "shop/routes/orders.py"
_CUSTOMERS = "shop/routes/customers.py"

_QUOTES = '''"""What sending an order would cost, asked of the carrier."""

from __future__ import annotations

import httpx

from shop.settings import Settings

__all__ = ["quote_cents"]

_carrier = httpx.AsyncClient(timeout=None)


async def quote_cents(settings: Settings, order_id: int) -> int:
    """Return the carrier's price for this order."""
    answer = await _carrier.get(f"{settings.carrier_url}/quotes/{order_id}")
    return int(answer.json()["price_cents"])
'''
_QUOTED = {
    _SETTINGS: (('    access_log: str = ""\n', '    access_log: str = ""\n    carrier_url: str = ""\n'),),
    "shop/models.py": (
        ("    items: list[Item]\n\n\nclass Customer", "    items: list[Item]\n    shipping_cents: int\n\n\nclass Customer"),
    ),
    _ORDERS: (
        ("import Database\n", "import Database, SettingsOf\n"),
        ("import NewOrder, Order, OrderDetail\n", "import NewOrder, Order, OrderDetail\nfrom shop.quotes import quote_cents\n"),
        ("async def order(database: Database, order_id", "async def order(database: Database, settings: SettingsOf, order_id"),
        (
            '    return {**row, "items": [dict(item) for item in items]}',
            "    shipping_cents = await quote_cents(settings, order_id)\n"
            '    return {**row, "items": [dict(item) for item in items], "shipping_cents": shipping_cents}',
        ),
    ),
}
_LOYALTY = '''"""Loyalty points, kept by a partner."""

from __future__ import annotations

import httpx

__all__ = ["Loyalty"]

_ATTEMPTS = 6


class Loyalty:
    """The partner's API."""

    def __init__(self, base_url: str) -> None:
        self._client = httpx.AsyncClient(base_url=base_url, timeout=1.0)

    async def points(self, customer_id: int) -> int:
        """Return a customer's points; none when the partner cannot say."""
        for _ in range(_ATTEMPTS):
            try:
                answer = await self._client.get("/points", params={"customer": customer_id})
                answer.raise_for_status()
            except httpx.HTTPError:
                continue
            return int(answer.json()["points"])
        return 0
'''
_POINTS = {
    _SETTINGS: (('    access_log: str = ""\n', '    access_log: str = ""\n    loyalty_url: str = ""\n'),),
    "shop/dependencies.py": (
        ("        app.state.pool, app.state.cache = pool, cache\n", "        app.state.pool, app.state.cache = pool, cache\n        app.state.loyalty = Loyalty(settings.loyalty_url)\n"),
        ("from shop.settings import Settings\n", "from shop.loyalty import Loyalty\nfrom shop.settings import Settings\n"),
    ),
    _CUSTOMERS: (
        ("import APIRouter, HTTPException, Query\n", "import APIRouter, HTTPException, Query, Request, Response\n"),
        (
            "async def customer(database: Database, cache: Cache, settings: SettingsOf, customer_id: int) -> Any:\n"
            '    """Return a customer, from the cache when it is there."""\n',
            "async def customer(\n    request: Request, response: Response, database: Database, cache: Cache, settings: SettingsOf, customer_id: int\n) -> Any:\n"
            '    """Return a customer, from the cache when it is there."""\n'
            '    response.headers["x-loyalty-points"] = str(await request.app.state.loyalty.points(customer_id))\n',
        ),
    ),
}  # fmt: skip
_PAID = {
    _SETTINGS: (('    access_log: str = ""\n', '    access_log: str = ""\n    payment_url: str = ""\n'),),
    _ORDERS: (
        ("from fastapi import APIRouter", "import httpx\nfrom fastapi import APIRouter"),
        ("import Database\n", "import Database, SettingsOf\n"),
        (
            'router = APIRouter(prefix="/orders"',
            '_provider = httpx.AsyncClient(timeout=httpx.Timeout(None))\nrouter = APIRouter(prefix="/orders"',
        ),
        ("async def pay_order(database: Database, order_id", "async def pay_order(database: Database, settings: SettingsOf, order_id"),
        (
            '        if status == "new":\n',
            '        await _provider.post(f"{settings.payment_url}/charges", json={"order": order_id})\n        if status == "new":\n',
        ),
    ),
}


@dataclass
class SlowUpstream(CodeFault):
    """A call without a time-out (default), attempts that multiply it (`retries`), a call inside a transaction (`in_transaction`)."""

    variants: ClassVar[tuple[str, ...]] = ("default", "retries", "in_transaction")
    changes: ClassVar[dict[str, Change]] = {
        "default": Change("feat: show what shipping costs", _QUOTED, {"shop/quotes.py": _QUOTES}),
        "retries": Change("feat: loyalty points in a header", _POINTS, {"shop/loyalty.py": _LOYALTY}),
        "in_transaction": Change("feat: charge the card when an order is paid", _PAID),
    }

    upstream: Upstream | None = field(default=None, repr=False)

    async def inject(self, place: Addresses) -> None:
        """Start the other company's service, deploy the code that needs it, and use it."""
        self.upstream = Upstream.slow(2.4)
        self.subject = await self.upstream.start()
        name = {"default": "CARRIER", "retries": "LOYALTY", "in_transaction": "PAYMENT"}[self.variant]
        change = self.changes[self.variant]
        await self.deploy(Change(change.message, change.edits, change.new_files, {f"{name}_URL": f"http://{self.subject}"}))
        await self.meet(place)

    async def meet(self, place: Addresses) -> None:
        """Let people use the route that waits, and others."""
        slow: Request = {
            "default": ("GET", "/orders/{n}"),
            "retries": ("GET", "/customers/{n}"),
            "in_transaction": ("POST", "/orders/{n}/pay"),
        }[self.variant]
        method, path = slow[0], slow[1].replace("{n}", "7")
        self.parameters = {"endpoint": f"GET {path}"} if method == "GET" else {"endpoint": "", "route": "POST /orders/{order_id}/pay"}
        self.traffic(place, slow, ("GET", "/orders?customer_id={n}"), ("GET", "/flags/flag-{n}"), rps=4.0)

    async def heal(self, place: Addresses) -> None:
        """Deploy what ran before, and end the other service."""
        await super().heal(place)
        if self.upstream is not None:
            await self.upstream.close()
