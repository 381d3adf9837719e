"""Orders: listed per customer, read, placed and paid."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query

from helpers.sandbox.app.dependencies import Database
from helpers.sandbox.app.models import NewOrder, Order, OrderDetail

__all__ = ["router"]

router = APIRouter(prefix="/orders", tags=["orders"])

# Orders placed by the shop's own testers are not for customers.
_LIST = """
    select id, customer_id, status, total_cents, currency, created_at, paid_at
    from orders where note not ilike '%[test]%' and customer_id = $1 order by created_at desc limit 50
"""
_INSERT_ITEMS = "insert into order_items (order_id, sku, quantity, price_cents) values ($1, $2, $3, $4)"


@router.get("", response_model=list[Order])
async def orders_of_customer(database: Database, customer_id: Annotated[int, Query(gt=0)]) -> Any:
    """Return a customer's orders, the newest first."""
    return [dict(row) for row in await database.fetch(_LIST, customer_id)]


@router.get("/{order_id}", response_model=OrderDetail)
async def order(database: Database, order_id: int) -> Any:
    """Return one order with its items."""
    row = await database.fetchrow("select * from orders where id = $1", order_id)
    if row is None:
        raise HTTPException(404, "No such order")
    items = await database.fetch("select sku, quantity, price_cents from order_items where order_id = $1", order_id)
    return {**row, "items": [dict(item) for item in items]}


@router.post("", status_code=201)
async def place_order(database: Database, new: NewOrder) -> dict[str, int]:
    """Place an order and return its id."""
    total = sum(item.quantity * item.price_cents for item in new.items)
    async with database.transaction():
        if not await database.fetchval("select true from customers where id = $1", new.customer_id):
            raise HTTPException(404, "No such customer")
        statement = "insert into orders (customer_id, total_cents, shipping_address, note) values ($1, $2, $3, $4) returning id"
        order_id = await database.fetchval(statement, new.customer_id, total, new.shipping_address, new.note)
        await database.executemany(_INSERT_ITEMS, [(order_id, i.sku, i.quantity, i.price_cents) for i in new.items])
    return {"id": order_id}


@router.post("/{order_id}/pay")
async def pay_order(database: Database, order_id: int) -> dict[str, str]:
    """Mark an order as paid; its row is locked meanwhile, so that it is paid once."""
    async with database.transaction():
        status = await database.fetchval("select status from orders where id = $1 for update", order_id)
        if status is None:
            raise HTTPException(404, "No such order")
        if status == "new":
            await database.execute("update orders set status = 'paid', paid_at = now() where id = $1", order_id)
    return {"status": "paid" if status == "new" else status}
