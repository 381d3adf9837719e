"""A new version demands what clients do not send: what they send is rejected, and nothing is in the log of errors.

Three ways: a field of the body that is required, one within each item of a list, a query parameter without a default.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.api._code import Change, CodeFault, Request

__all__ = ["ContractDrift"]

_MODELS, _ORDERS = "shop/models.py", "shop/routes/orders.py"
_BEFORE_S, _AFTER_S = 4.0, 4.0
_PHONE = {
    _MODELS: (
        (
            '    shipping_address: str = Field(max_length=500)\n    note: str = Field("", max_length=500)\n',
            "    shipping_address: str = Field(max_length=500)\n    phone: str = Field(min_length=5, max_length=30)\n"
            '    note: str = Field("", max_length=500)\n',
        ),
    ),
    _ORDERS: (
        (
            "new.customer_id, total, new.shipping_address, new.note)",
            'new.customer_id, total, f"{new.shipping_address}, phone {new.phone}", new.note)',
        ),
    ),
}
_GIFT = {
    _MODELS: (
        (
            "class NewOrder(BaseModel):",
            'class NewItem(Item):\n    """One line of an order as a client sends it."""\n\n    gift: bool\n\n\nclass NewOrder(BaseModel):',
        ),
        ("    items: list[Item] = Field(min_length=1, max_length=50)", "    items: list[NewItem] = Field(min_length=1, max_length=50)"),
    ),
}
_PAGED = {
    _ORDERS: (
        (
            "async def orders_of_customer(database: Database, customer_id: Annotated[int, Query(gt=0)]) -> Any:\n",
            "async def orders_of_customer(\n    database: Database, customer_id: Annotated[int, Query(gt=0)], page: Annotated[int, Query(ge=1, le=1000)]\n) -> Any:\n",
        ),
        ("order by created_at desc limit 50\n", "order by created_at desc limit 50 offset $2\n"),
        ("database.fetch(_LIST, customer_id)]", "database.fetch(_LIST, customer_id, 50 * (page - 1))]"),
    ),
}  # fmt: skip


def _order(**more: Any) -> Request:
    item = {"sku": "SKU-1", "quantity": 1, "price_cents": 999}
    gift = more.pop("gift", None)
    items = [{**item, "gift": gift} if gift is not None else item]
    return "POST", "/orders", {"json": {"customer_id": 7, "shipping_address": "1 Long Street", "items": items, **more}}


@dataclass
class ContractDrift(CodeFault):
    """A required field (default), one within a list (`nested`), a query parameter (`query`)."""

    variants: ClassVar[tuple[str, ...]] = ("default", "nested", "query")
    changes: ClassVar[dict[str, Change]] = {
        "default": Change("feat: couriers call ahead", _PHONE),
        "nested": Change("feat: items may be gifts", _GIFT),
        "query": Change("feat: page through orders", _PAGED),
    }

    async def inject(self, place: Addresses) -> None:
        """Let clients use the route, deploy what they do not know of, and let them go on."""
        await self.meet(place)
        await asyncio.sleep(_BEFORE_S)
        await self.deploy(self.changes[self.variant])
        await asyncio.sleep(_AFTER_S)

    async def meet(self, place: Addresses) -> None:
        """Let old clients and a few new ones use it."""
        met: dict[str, tuple[str, list[Request]]] = {
            "default": ("body.phone", [_order(), _order(), _order(phone="+49 30 1234567")]),
            "nested": ("body.items.gift", [_order(), _order(), _order(gift=True)]),
            "query": ("query.page", [("GET", "/orders?customer_id={n}"), ("GET", "/orders?customer_id={n}&page=1")]),
        }
        self.subject, requests = met[self.variant]
        self.parameters = {"request": "GET /orders?customer_id=42"} if self.variant == "query" else {}
        self.traffic(place, *requests, ("GET", "/customers/{n}"), ("GET", "/flags/flag-{n}"), rps=12.0)
