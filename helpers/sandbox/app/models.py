"""What the application takes and gives."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

__all__ = ["Customer", "Flag", "Item", "NewOrder", "NewSession", "Order", "OrderDetail", "RevenueLine", "SessionOut"]


class Item(BaseModel):
    """One line of an order."""

    sku: str
    quantity: int = Field(gt=0, le=100)
    price_cents: int = Field(ge=0)


class NewOrder(BaseModel):
    """An order as a client sends it."""

    customer_id: int
    shipping_address: str = Field(max_length=500)
    note: str = Field("", max_length=500)
    items: list[Item] = Field(min_length=1, max_length=50)


class Order(BaseModel):
    """An order in a list."""

    id: int
    customer_id: int
    status: str
    total_cents: int
    currency: str
    created_at: datetime
    paid_at: datetime | None


class OrderDetail(Order):
    """An order with what is in it."""

    shipping_address: str
    note: str
    items: list[Item]


class Customer(BaseModel):
    """A customer."""

    id: int
    email: str
    name: str
    country: str
    created_at: datetime


class RevenueLine(BaseModel):
    """Revenue of one status in one month."""

    month: datetime
    status: str
    orders: int
    total_cents: int


class NewSession(BaseModel):
    """Who signs in."""

    customer_id: int


class SessionOut(BaseModel):
    """A session and how long it still lives."""

    id: str
    customer_id: int
    expires_in_s: int


class Flag(BaseModel):
    """A feature flag."""

    name: str
    enabled: bool
