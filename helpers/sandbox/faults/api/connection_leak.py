"""A route takes connections from the pool and does not give all of them back, until none is left.

Three ways: a handler that raises before it releases, a dependency that yields without a `finally`, a transaction that is left open when there is
nothing to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.api._code import Change, CodeFault, Request

__all__ = ["ConnectionLeak"]

_MAIN = "shop/main.py"
_ORDERS = "shop/routes/orders.py"
_HISTORY = (
    "\n\n"
    '@router.get("/{order_id}/history")\n'
    "async def order_history(request: Request, order_id: int) -> Any:\n"
    '    """Return what happened to an order."""\n'
    "    pool = request.app.state.pool\n"
    "    connection = await pool.acquire(timeout=5)\n"
    '    row = await connection.fetchrow("select created_at, paid_at from orders where id = $1", order_id)\n'
    "    if row is None:\n"
    '        raise HTTPException(404, "No such order")\n'
    '    events = await connection.fetch("select sku, quantity from order_items where order_id = $1", order_id)\n'
    "    await pool.release(connection)\n"
    '    return {**row, "items": [dict(event) for event in events]}\n'
)
_DEEP = {
    _ORDERS: (
        ("import APIRouter, HTTPException, Query\n", "import APIRouter, HTTPException, Query, Request\n"),
        (
            '    return {"status": "paid" if status == "new" else status}\n',
            '    return {"status": "paid" if status == "new" else status}\n' + _HISTORY,
        ),
    )
}
_INVOICES = '''"""Invoices, numbered by the database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Depends, HTTPException, Request

__all__ = ["router"]

router = APIRouter(prefix="/invoices", tags=["invoices"])
_TAX_PCT = 19


async def _ledger(request: Request) -> AsyncIterator[asyncpg.Connection]:
    """A connection that writes nothing by accident."""
    pool = request.app.state.pool
    ledger = await pool.acquire(timeout=5)
    await ledger.execute("set default_transaction_read_only = on")
    yield ledger
    await pool.release(ledger)


@router.get("/{order_id}")
async def invoice(ledger: Annotated[asyncpg.Connection, Depends(_ledger)], order_id: int) -> Any:
    """Return an order's invoice."""
    row = await ledger.fetchrow("select total_cents, currency, paid_at from orders where id = $1", order_id)
    if row is None or row["paid_at"] is None:
        raise HTTPException(409, "Not paid yet")
    return {"net_cents": row["total_cents"] * 100 // (100 + _TAX_PCT), "currency": row["currency"]}
'''
_INVOICED = {
    _MAIN: (
        ("import customers, flags, orders, reports, sessions\n", "import customers, flags, invoices, orders, reports, sessions\n"),
        ("(orders, customers, reports, sessions, flags)", "(orders, customers, reports, sessions, flags, invoices)"),
    )
}
_CUSTOMERS = "shop/routes/customers.py"
_MERGE = (
    "\n\n"
    '@router.get("/{customer_id}/limit")\n'
    "async def credit_limit(request: Request, customer_id: int) -> dict[str, int]:\n"
    '    """Return for how much a customer may order."""\n'
    "    connection = await request.app.state.pool.acquire(timeout=5)\n"
    "    transaction = connection.transaction(isolation='repeatable_read', readonly=True)\n"
    "    await transaction.start()\n"
    "    open_cents = await connection.fetchval(\n"
    "        \"select sum(total_cents) from orders where customer_id = $1 and status = 'new'\", customer_id\n"
    "    )\n"
    "    if open_cents is None:\n"
    '        return {"limit_cents": _LIMIT_CENTS}\n'
    "    await transaction.commit()\n"
    "    await request.app.state.pool.release(connection)\n"
    '    return {"limit_cents": max(_LIMIT_CENTS - open_cents, 0)}\n'
)
_LIMITED = {
    _CUSTOMERS: (
        ("import APIRouter, HTTPException, Query\n", "import APIRouter, HTTPException, Query, Request\n"),
        (
            'router = APIRouter(prefix="/customers", tags=["customers"])\n',
            'router = APIRouter(prefix="/customers", tags=["customers"])\n_LIMIT_CENTS = 500_00\n',
        ),
        ('where email = $1", email)]\n', 'where email = $1", email)]\n' + _MERGE),
    )
}


@dataclass
class ConnectionLeak(CodeFault):
    """Raised before released (default), a dependency without `finally` (`dependency`), a transaction left open (`transaction`)."""

    variants: ClassVar[tuple[str, ...]] = ("default", "dependency", "transaction")
    changes: ClassVar[dict[str, Change]] = {
        "default": Change("feat: an order's history", _DEEP),
        "dependency": Change("feat: invoices", _INVOICED, {"shop/routes/invoices.py": _INVOICES}),
        "transaction": Change("feat: credit limits, read as of one moment", _LIMITED),
    }

    async def meet(self, place: Addresses) -> None:
        """Let people use the route, for what it was made for and for what nobody thought of, and others."""
        self.subject, odd, even = {
            "default": ("GET /orders/{order_id}/history", "/orders/99{n}0000/history", "/orders/{n}/history"),
            "dependency": ("GET /invoices/{order_id}", "/invoices/99{n}0000", "/invoices/{n}"),
            "transaction": ("GET /customers/{customer_id}/limit", "/customers/99{n}0000/limit", "/customers/{n}/limit"),
        }[self.variant]
        self.parameters = {"endpoint": "GET /orders/7"}
        asked: list[Request] = [("GET", odd), ("GET", even), ("GET", "/orders/{n}"), ("GET", "/flags/flag-{n}")]
        self.traffic(place, *asked, rps=8.0)
