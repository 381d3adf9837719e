"""Work that nobody waits for: the answer says it was done, and it failed afterwards: a statement without `await`, a `forEach` of async functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.api._code import Change, Request
from helpers.sandbox.faults.platform._web import WebFault

__all__ = ["LostWork"]

_ORDERS = "app/api/orders/route.ts"
_RETURNS_FILE = "app/api/returns/route.ts"
_RETURNS = """import { z } from "zod";
import { withAuth } from "@/lib/auth";
import { query } from "@/lib/db";
import { handle } from "@/lib/http";

const Return = z.object({ items: z.array(z.object({ order_id: z.number().int().positive(), quantity: z.number().int() })).max(20) });

export const POST = handle(
  withAuth(async (request) => {
    const { items } = Return.parse(await request.json());
    items.forEach(async (item) => {
      await query("insert into order_items (order_id, sku, quantity, price_cents) values ($1, 'RETURN', $2, 0)", [item.order_id, item.quantity]);
    });
    return Response.json({ accepted: items.length }, { status: 202 });
  }),
);
"""
_AWAITED = """    await query("insert into order_items (order_id, sku, quantity, price_cents) values ($1, $2, 1, $3)", [id, "SKU-1", order.total_cents]);
"""
_LEFT = """    const gross = order.total_cents * 1.19;
    query("insert into order_items (order_id, sku, quantity, price_cents) values ($1, $2, 1, $3)", [id, "SKU-1", gross]);
"""
_CHANGES = {
    "default": Change("perf: answer as soon as the order is there, gross prices", {_ORDERS: ((_AWAITED, _LEFT),)}),
    "each": Change("feat: returns", {}, {_RETURNS_FILE: _RETURNS}),
}


@dataclass
class LostWork(WebFault):
    """A statement without `await` (default), a `forEach` of async functions (`each`)."""

    variants: ClassVar[tuple[str, ...]] = tuple(_CHANGES)
    changes: ClassVar[dict[str, Change]] = _CHANGES

    async def meet(self, place: Addresses) -> None:
        """Let customers order; for some of them what is done afterwards fails."""
        signed = {"Cookie": f"session={await self.signed_in(place, 7)}"}
        requests: list[Request]
        if self.variant == "default":
            self.subject = f"POST /api/orders: query at {self.at(_ORDERS, '    query(')}"
            bodies = [{"total_cents": cents, "shipping_address": "1 Long Street"} for cents in (1200, 999, 900)]
            requests = [("POST", "/api/orders", {"headers": signed, "json": body}) for body in bodies]
        else:
            self.subject = f"POST /api/returns: forEach at {self.at(_RETURNS_FILE, 'items.forEach')}"
            bodies2 = [{"items": [{"order_id": 1, "quantity": quantity}]} for quantity in (1, 3_000_000_000, 2)]
            requests = [("POST", "/api/returns", {"headers": signed, "json": body}) for body in bodies2]
        self.parameters = {"route": self.subject.partition(":")[0]}
        self.traffic(place, *requests, ("GET", "/api/prices"), rps=6.0)
