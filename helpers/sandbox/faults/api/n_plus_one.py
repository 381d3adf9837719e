"""A list is shown with what belongs to each of its rows, asked of the database row by row.

Two ways: in the handler itself, and in a class of another file that the handler calls for each row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.api._code import Change, CodeFault

__all__ = ["NPlusOne"]

_ORDERS = "shop/routes/orders.py"
_ITEMS = "select sku, quantity, price_cents from order_items where order_id = $1"
_LISTED = {
    "shop/models.py": (("    paid_at: datetime | None\n", "    paid_at: datetime | None\n    items: list[Item] = []\n"),),
    _ORDERS: (
        (
            "    return [dict(row) for row in await database.fetch(_LIST, customer_id)]",
            "    listed = []\n    for row in await database.fetch(_LIST, customer_id):\n"
            f'        items = await database.fetch("{_ITEMS}", row["id"])\n'
            '        listed.append({**row, "items": [dict(item) for item in items]})\n    return listed',
        ),
    ),
}
_WHO = "select name, country from customers where id = $1"
_DIRECTORY = f'''"""Who ordered, for the page that support looks at."""

from __future__ import annotations

import asyncpg

__all__ = ["Directory"]

_WHO = """
    {_WHO}
"""


class Directory:
    """Looks customers up."""

    def __init__(self, database: asyncpg.Connection) -> None:
        self.database = database

    async def described(self, customer_id: int) -> dict[str, str]:
        """Return a customer's name and country."""
        row = await self.database.fetchrow(_WHO, customer_id)
        return dict(row) if row else {{}}
'''
_SUPPORT = {
    _ORDERS: (
        (
            '@router.get("/{order_id}", response_model=OrderDetail)',
            '@router.get("/latest")\nasync def latest_orders(database: Database, count: Annotated[int, Query(gt=0, le=200)] = 40) -> list[dict[str, Any]]:\n'
            '    """Return the latest orders with who placed them."""\n'
            '    rows = await database.fetch("select id, customer_id, total_cents from orders order by id desc limit $1", count)\n'
            "    directory = Directory(database)\n"
            '    return [{**row, **await directory.described(row["customer_id"])} for row in rows]\n\n\n'
            '@router.get("/{order_id}", response_model=OrderDetail)',
        ),
        ("from shop.models import", "from shop.directory import Directory\nfrom shop.models import"),
    )
}


@dataclass
class NPlusOne(CodeFault):
    """Items of each order in a list (default), the customer of each order by a class of its own (`directory`)."""

    variants: ClassVar[tuple[str, ...]] = ("default", "directory")
    changes: ClassVar[dict[str, Change]] = {
        "default": Change("feat: items in the list of orders", _LISTED),
        "directory": Change("feat: latest orders for support", _SUPPORT, {"shop/directory.py": _DIRECTORY}),
    }

    async def meet(self, place: Addresses) -> None:
        """Let people use the list, and other routes."""
        statement, path = {"default": (_ITEMS, "/orders?customer_id=42"), "directory": (_WHO, "/orders/latest?count=60")}[self.variant]
        self.parameters = {"endpoint": f"GET {path}"}
        self.subject = f"GET {path.partition('?')[0]} → {statement}"
        self.traffic(place, ("GET", path), ("GET", "/customers/{n}"), ("GET", "/flags/flag-{n}"), rps=2.0)
