"""A cache keeps a route's answers while what is stored changes: a segment that is static, one made anew by the hour, a header for the edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import asyncpg

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.api._code import Change
from helpers.sandbox.faults.platform._web import WebFault

__all__ = ["StaleRoute"]

_PRODUCT = """import { query } from "@/lib/db";
import { handle, HttpError } from "@/lib/http";

%s
type Context = { params: Promise<{ sku: string }> };

export const GET = handle<Context>(async (_request, { params }) => {
  const { sku } = await params;
  const [row] = await query("select max(price_cents) as price_cents from order_items where order_id <= 20 and sku = $1", [sku]);
  if (!row) throw new HttpError(404, "No such product");
  return Response.json({ sku, ...row });
});
"""
_FILE = "app/api/products/[sku]/route.ts"
_PRICES = "app/api/prices/route.ts"
_CHANGES = {
    "default": Change("perf: product pages are static", {}, {_FILE: _PRODUCT % 'export const dynamic = "force-static";\n'}),
    "revalidate": Change("perf: product pages, anew by the hour", {}, {_FILE: _PRODUCT % 'export const revalidate = 3600;\nexport const dynamic = "error";\n'}),
    "header": Change(
        "perf: let the edge keep prices",
        {
            _PRICES: (
                ("return Response.json({ prices });", 'return Response.json({ prices }, { headers: { "Cache-Control": "public, s-maxage=3600, stale-while-revalidate=86400" } });'),
            )
        },
    ),
}  # fmt: skip
_RAISE = "update order_items set price_cents = price_cents + $1 where order_id <= 20 and sku = $2"


@dataclass
class StaleRoute(WebFault):
    """A static segment (default), one made anew by the hour (`revalidate`), a header that lets the edge keep it (`header`)."""

    variants: ClassVar[tuple[str, ...]] = tuple(_CHANGES)
    changes: ClassVar[dict[str, Change]] = _CHANGES

    sku: str = ""

    async def meet(self, place: Addresses) -> None:
        """Let people ask, then raise a price."""
        connection = await asyncpg.connect(place.admin)
        sku = await connection.fetchval("select sku from order_items where order_id <= 20 order by sku limit 1")
        truth = f"select max(price_cents) from order_items where order_id <= 20 and sku = '{sku}'"  # noqa: S608 - of the sandbox's own
        if self.variant == "header":
            self.subject = f"GET /api/prices: s-maxage=3600 at {self.at(_PRICES, 's-maxage')}"
            path, field = "/api/prices", "prices.0.price_cents"
        else:
            word = "dynamic = force-static" if self.variant == "default" else "dynamic = error"
            self.subject = f"GET /api/products/[sku]: {word} at {self.at(_FILE, 'export const dynamic')}"
            path, field = f"/api/products/{sku}", "price_cents"
        self.parameters = {"endpoint": f"GET {path}", "field": field, "truth": truth}
        await self.seen(place, path, 5)
        await connection.execute(_RAISE, 250, sku)
        self.sku = sku
        await connection.close()
        self.traffic(place, ("GET", path), ("GET", "/api/orders?customer_id={n}"), rps=4.0)

    async def heal(self, place: Addresses) -> None:
        """Deploy what ran before, and put the price back."""
        await super().heal(place)
        if self.sku:
            connection = await asyncpg.connect(place.admin)
            await connection.execute(_RAISE, -250, self.sku)
            await connection.close()
            self.sku = ""
