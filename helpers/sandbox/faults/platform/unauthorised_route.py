"""A route of the web application answers strangers, or another customer: no wrapper, a matcher that misses it, an owner not compared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import asyncpg

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.api._code import Change
from helpers.sandbox.faults.platform._web import WebFault

__all__ = ["UnauthorisedRoute"]

_INVOICE = """import { z } from "zod";
import { query } from "@/lib/db";
import { handle, HttpError } from "@/lib/http";

type Context = { params: Promise<{ id: string }> };

export const GET = handle<Context>(async (_request, { params }) => {
  const id = z.coerce.number().int().positive().parse((await params).id);
  const [row] = await query<{ id: string }>("select id, shipping_address, total_cents, currency from orders where id = $1", [id]);
  if (!row) throw new HttpError(404, "No such order");
  return Response.json({ number: `R-${row.id}`, ...row });
});
"""
_PROXY = """import { NextResponse, type NextRequest } from "next/server";
import { cache } from "@/lib/cache";

export async function proxy(request: NextRequest): Promise<NextResponse> {
  const token = request.cookies.get("session")?.value;
  const found = token ? await (await cache()).get(`session:${token}`) : null;
  if (found === null) return NextResponse.json({ error: "Sign in first" }, { status: 401 });
  const headers = new Headers(request.headers);
  headers.set("x-customer", found);
  return NextResponse.next({ request: { headers } });
}

export const config = { matcher: ["/api/account/:path*"] };
"""
_ADDRESSES = """import { query } from "@/lib/db";
import { handle } from "@/lib/http";

export const GET = handle(async (request) => {
  const text = "select id, shipping_address from orders where customer_id = $1 order by id limit 3";
  return Response.json({ addresses: await query(text, [request.headers.get("x-customer")]) });
});
"""
_ORDER = "app/api/orders/[id]/route.ts"
_CHANGES = {
    "default": Change("feat: invoices", {}, {"app/api/orders/[id]/invoice/route.ts": _INVOICE}),
    "matcher": Change(
        "feat: the account, for who is signed in; invoices",
        {},
        {"proxy.ts": _PROXY, "app/api/account/addresses/route.ts": _ADDRESSES, "app/api/invoices/[id]/route.ts": _INVOICE},
    ),
    "tenant": Change(
        "refactor: read an order once",
        {
            _ORDER: (
                ("    if (!order || Number(order.customer_id) !== customerId) throw", "    if (!order) throw"),
                ("{ params, customerId }", "{ params }"),
            )
        },
    ),
}
_A, _B = 7, 8


@dataclass
class UnauthorisedRoute(WebFault):
    """A handler without the wrapper (default), a path the middleware's matcher misses (`matcher`), an owner not compared (`tenant`)."""

    variants: ClassVar[tuple[str, ...]] = tuple(_CHANGES)
    changes: ClassVar[dict[str, Change]] = _CHANGES

    async def meet(self, place: Addresses) -> None:
        """Sign two customers in, whose cookies lie in files, and let one read what is his."""
        connection = await asyncpg.connect(place.admin)
        order = await connection.fetchval("select id from orders where customer_id = $1 order by id limit 1", _A)
        await connection.close()
        cookies = [f"session={await self.signed_in(place, customer)}" for customer in (_A, _B)]
        files = [Path(place.folder) / name for name in ("cookie-a", "cookie-b")]
        for path, cookie in zip(files, cookies, strict=True):
            path.write_text(f"Cookie: {cookie}", encoding="utf-8")
        self.subject, private = {
            "default": ("GET /api/orders/[id]/invoice", f"GET /api/orders/{order}/invoice, GET /api/orders/{order}"),
            "matcher": ("GET /api/invoices/[id]", f"GET /api/invoices/{order}, GET /api/account/addresses"),
            "tenant": ("GET /api/orders/[id]", f"GET /api/orders/{order}, GET /api/me"),
        }[self.variant]
        self.parameters = {"private": private, "credentials_a": f"file:{files[0]}", "credentials_b": f"file:{files[1]}"}
        signed = {"headers": {"Cookie": cookies[0]}}
        self.traffic(place, ("GET", f"/api/orders/{order}", signed), ("GET", "/api/me", signed), ("GET", "/api/prices"), rps=4.0)
