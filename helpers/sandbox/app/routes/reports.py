"""Reports: they read most of a table, and are right to."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from helpers.sandbox.app.dependencies import Database
from helpers.sandbox.app.models import RevenueLine

__all__ = ["REVENUE", "router"]

router = APIRouter(prefix="/reports", tags=["reports"])

REVENUE = """\
select date_trunc('month', created_at) as month, status, count(*) as orders, sum(total_cents) as total_cents
from orders where status <> 'new' group by 1, 2 order by 1, 2"""


@router.get("/revenue", response_model=list[RevenueLine])
async def revenue(database: Database) -> Any:
    """Return the revenue per month and status of all orders that were paid."""
    return [dict(row) for row in await database.fetch(REVENUE)]
