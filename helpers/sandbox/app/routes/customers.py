"""Customers: read through a cache, or found by e-mail."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query

from helpers.sandbox.app.dependencies import Cache, Database, SettingsOf
from helpers.sandbox.app.models import Customer

__all__ = ["router"]

router = APIRouter(prefix="/customers", tags=["customers"])


@router.get("/{customer_id}", response_model=Customer)
async def customer(database: Database, cache: Cache, settings: SettingsOf, customer_id: int) -> Any:
    """Return a customer, from the cache when it is there."""
    key = f"customer:{customer_id}"
    cached = await cache.get(key)
    if cached is not None:
        return Customer.model_validate_json(cached)
    row = await database.fetchrow("select * from customers where id = $1", customer_id)
    if row is None:
        raise HTTPException(404, "No such customer")
    found = Customer.model_validate(dict(row))
    await cache.set(key, found.model_dump_json(), ex=settings.customer_cache_s)
    return found


@router.get("", response_model=list[Customer])
async def customers_by_email(database: Database, email: Annotated[str, Query(max_length=200)]) -> Any:
    """Return the customers with this e-mail address: one or none."""
    return [dict(row) for row in await database.fetch("select * from customers where email = $1", email)]
