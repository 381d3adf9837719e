"""A route answers whom it should not: customers sign in, and one change forgets to ask.

Three ways: a new router without the guard of its neighbours, an owner that is no longer compared, a guard that went with a router's settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import httpx

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.api._code import Change, CodeFault

__all__ = ["MissingAuth"]

_DEPENDENCIES, _ORDERS, _CUSTOMERS = "shop/dependencies.py", "shop/routes/orders.py", "shop/routes/customers.py"
_SIGNED_IN = '''async def signed_in(request: Request, cache: Cache) -> int:
    """Return the customer who asks; 401 without a session."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    customer_id = await cache.get(f"session:{token}") if kind.lower() == "bearer" and token else None
    if customer_id is None:
        raise HTTPException(401, "Sign in first", headers={"WWW-Authenticate": "Bearer"})
    return int(customer_id)


CustomerId = Annotated[int, Depends(signed_in)]


async def rate_limit('''
_SIGN_IN = Change(
    "feat: customers sign in",
    {
        _DEPENDENCIES: (
            ("async def rate_limit(", _SIGNED_IN),
            ('__all__ = ["Cache", "Database", ', '__all__ = ["Cache", "CustomerId", "Database", "signed_in", '),
        ),
        _ORDERS: (
            ("from fastapi import APIRouter, HTTPException, Query", "from fastapi import APIRouter, Depends, HTTPException, Query"),
            ("import Database\n", "import CustomerId, Database, signed_in\n"),
            ('router = APIRouter(prefix="/orders", tags=["orders"])', 'router = APIRouter(prefix="/orders", tags=["orders"], dependencies=[Depends(signed_in)])'),
            ("async def order(database: Database, order_id: int)", "async def order(database: Database, who: CustomerId, order_id: int)"),
            (
                'select * from orders where id = $1", order_id)\n    if row is None:',
                'select * from orders where id = $1", order_id)\n    if row is None or row["customer_id"] != who:',
            ),
        ),
        _CUSTOMERS: (
            ("from fastapi import APIRouter, HTTPException, Query", "from fastapi import APIRouter, Depends, HTTPException, Query"),
            ("import Cache, Database, SettingsOf\n", "import Cache, Database, SettingsOf, signed_in\n"),
            ('router = APIRouter(prefix="/customers", tags=["customers"])', 'router = APIRouter(prefix="/customers", tags=["customers"], dependencies=[Depends(signed_in)])'),
        ),
    },
)  # fmt: skip
_INVOICES = '''"""Invoices: an order as accounting wants it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException

from shop.dependencies import Database

__all__ = ["router"]

router = APIRouter(prefix="/orders", tags=["invoices"])


@router.get("/{order_id}/invoice")
async def invoice(database: Database, order_id: int) -> dict[str, Any]:
    """Return the invoice of an order."""
    row = await database.fetchrow("select id, shipping_address, total_cents, currency from orders where id = $1", order_id)
    if row is None:
        raise HTTPException(404, "No such order")
    return {"number": f"R-{row['id']:08d}", "address": row["shipping_address"], "total_cents": row["total_cents"], "currency": row["currency"]}
'''
_CHANGES = {
    "default": Change(
        "feat: invoices",
        {
            "shop/main.py": (
                ("routes import customers, flags, orders,", "routes import customers, flags, invoices, orders,"),
                ("for module in (orders, customers,", "for module in (orders, invoices, customers,"),
            )
        },
        {"shop/routes/invoices.py": _INVOICES},
    ),
    "tenant": Change("refactor: read an order once", {_ORDERS: (('    if row is None or row["customer_id"] != who:', "    if row is None:"),)}),
    "router": Change(
        "refactor: guard the search, not the profile page",
        {
            _CUSTOMERS: (
                (', tags=["customers"], dependencies=[Depends(signed_in)])', ', tags=["customers"])'),
                ('@router.get("", response_model=list[Customer])', '@router.get("", response_model=list[Customer], dependencies=[Depends(signed_in)])'),
            )
        },
    ),
}  # fmt: skip


@dataclass
class MissingAuth(CodeFault):
    """A router without guard (default), an owner not compared (`tenant`), a guard that only one of two routes kept (`router`)."""

    variants: ClassVar[tuple[str, ...]] = ("default", "tenant", "router")
    changes: ClassVar[dict[str, Change]] = _CHANGES

    async def inject(self, place: Addresses) -> None:
        """Deploy the sign-in, then the change that forgets it; two customers are signed in, whose tokens lie in files."""
        await self.deploy(_SIGN_IN)
        await super().inject(place)

    async def meet(self, place: Addresses) -> None:
        """Let one customer order; let both read, and strangers be refused."""
        async with httpx.AsyncClient(base_url=place.api, timeout=10, trust_env=False) as client:
            a, b = [(await client.post("/sessions", json={"customer_id": who})).json()["id"] for who in (7, 8)]
            new = {"customer_id": 7, "shipping_address": "1 Long Street", "items": [{"sku": "SKU-1", "quantity": 1, "price_cents": 999}]}
            order = (await client.post("/orders", json=new, headers={"Authorization": f"Bearer {a}"})).json()["id"]
        files = {"credentials_a": Path(place.folder) / "token-a", "credentials_b": Path(place.folder) / "token-b"}
        for path, token in zip(files.values(), (a, b), strict=True):
            path.write_text(token, encoding="utf-8")
        own = {"default": f"GET /orders/{order}", "tenant": f"GET /orders/{order}", "router": "GET /customers/7"}[self.variant]
        self.subject = {
            "default": "GET /orders/{order_id}/invoice",
            "tenant": "GET /orders/{order_id}",
            "router": "GET /customers/{customer_id}",
        }[self.variant]
        self.parameters = {"private": own, **{name: f"file:{path}" for name, path in files.items()}}
        signed = {"headers": {"Authorization": f"Bearer {a}"}}
        self.traffic(place, ("GET", f"/orders/{order}", signed), ("GET", "/customers/7", signed), ("GET", "/flags/flag-{n}"), rps=4.0)
