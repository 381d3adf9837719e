"""Work holds connections for longer than the pool is large: requests wait for one, and the longer the more come.

Three ways: a statement that gives the replica time, a handler that polls with its connection in hand, a pool made too small for the work
there is (under gunicorn).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.api._code import Change, CodeFault, Request

__all__ = ["PoolSaturated"]

_ORDERS = "shop/routes/orders.py"
_CUSTOMERS = "shop/routes/customers.py"
_SETTINGS = "shop/settings.py"

_CAUGHT_UP = {
    _ORDERS: (
        (
            '    """Return one order with its items."""\n',
            '    """Return one order with its items."""\n    await database.execute("select pg_sleep(0.6)")  # the replica needs a moment to catch up\n',
        ),
    )
}
_SETTLED = '''

@router.get("/{order_id}/settled")
async def settled(database: Database, order_id: int) -> dict[str, bool]:
    """Return whether an order is paid; waits a while for it."""
    for _ in range(_LOOKS):
        if await database.fetchval("select paid_at is not null and status = 'settled' from orders where id = $1", order_id):
            return {"settled": True}
        await asyncio.sleep(_PAUSE_S)
    return {"settled": False}
'''
_POLLED = {
    _ORDERS: (
        ("from typing import Annotated, Any\n", "import asyncio\nfrom typing import Annotated, Any\n"),
        ('router = APIRouter(prefix="/orders"', '_LOOKS, _PAUSE_S = 6, 0.4\nrouter = APIRouter(prefix="/orders"'),
        (
            '    return {"status": "paid" if status == "new" else status}\n',
            '    return {"status": "paid" if status == "new" else status}\n' + _SETTLED,
        ),
    )
}
_SMALL = {
    _SETTINGS: (("    pool_size: int = 10\n", "    pool_size: int = 2\n"),),
    _CUSTOMERS: (
        (
            'await database.fetch("select * from customers where email = $1", email)]',
            'await database.fetch(_BY_EMAIL, email)]',
        ),
        (
            'router = APIRouter(prefix="/customers", tags=["customers"])\n',
            'router = APIRouter(prefix="/customers", tags=["customers"])\n\n'
            "# The same time for an address that is known and for one that is not: nobody shall find out which are.\n"
            '_BY_EMAIL = "select c.* from (select pg_sleep(0.35)) as pause, customers c where c.email = $1"\n',
        ),
    ),
}  # fmt: skip


@dataclass
class PoolSaturated(CodeFault):
    """A slow statement (default), a connection held between looks (`polling`), a small pool under gunicorn (`small`)."""

    variants: ClassVar[tuple[str, ...]] = ("default", "polling", "small")
    changes: ClassVar[dict[str, Change]] = {
        "default": Change("fix: read orders after the replica has them", _CAUGHT_UP),
        "polling": Change("feat: wait until an order is settled", _POLLED),
        "small": Change("perf: two connections for each worker", _SMALL, server="gunicorn"),
    }

    async def meet(self, place: Addresses) -> None:
        """Let more people use the route than there are connections."""
        self.subject, path, rps = {
            "default": ("GET /orders/{order_id}", "/orders/{n}", 36.0),
            "polling": ("GET /orders/{order_id}/settled", "/orders/{n}/settled", 12.0),
            "small": ("GET /customers", "/customers?email=customer{n}%40example.com", 24.0),
        }[self.variant]
        self.parameters = {"endpoint": f"GET {path.replace('{n}', '7')}"}
        asked: list[Request] = [("GET", path), ("GET", path), ("GET", "/orders?customer_id={n}"), ("GET", "/flags/flag-{n}")]
        self.traffic(place, *asked, rps=rps)
