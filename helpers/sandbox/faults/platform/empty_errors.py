"""A route handler throws, or gives no answer, for some input: a 500 that says nothing, where 400 and the reason would be right.

Three ways: a search outside the wrapper that catches, a switch without a default, a number that is too large for the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.api._code import Change, Request
from helpers.sandbox.faults.platform._web import WebFault

__all__ = ["EmptyErrors"]

_QUOTE = "app/api/quote/route.ts"
_EXPORT = """import { query } from "@/lib/db";

export async function GET(request: Request): Promise<Response> {
  const customer = BigInt(new URL(request.url).searchParams.get("customer_id") ?? "1");
  const rows = await query("select id, status, total_cents from orders where customer_id = $1 order by id limit 500", [String(customer)]);
  return new Response(rows.map((row) => Object.values(row).join(",")).join("\\n"), { headers: { "Content-Type": "text/csv" } });
}
"""
_STATS = """import { query } from "@/lib/db";

export const GET = async (request: Request): Promise<Response> => {
  const days = Number.parseInt(new URL(request.url).searchParams.get("days") ?? "", 10) || 7;
  const [row] = await query("select count(*) as orders from orders where created_at > now() - make_interval(days => $1::int)", [days]);
  return Response.json(row);
};
"""
_CHANGES = {
    "default": Change("feat: orders as a spreadsheet", {}, {"app/api/export/route.ts": _EXPORT}),
    "no_answer": Change(
        "feat: quotes in other currencies",
        {
            _QUOTE: (
                (
                    "  return Response.json({ country, shipping_cents, total_cents: total_cents + shipping_cents });\n",
                    '  const currency = new URL(request.url).searchParams.get("currency") ?? "EUR";\n'
                    "  const rates: Record<string, number> = { EUR: 1, USD: 1.08 };\n"
                    "  if (currency in rates) {\n"
                    "    const total = (total_cents + shipping_cents) * rates[currency];\n"
                    "    return Response.json({ country, currency, shipping_cents, total_cents: Math.round(total) });\n"
                    "  }\n",
                ),
                ("export const GET = handle(async (request) => {", "export const GET = handle(async (request): Promise<any> => {"),
            )
        },
    ),
    "range": Change("feat: orders of the last days", {}, {"app/api/stats/route.ts": _STATS}),
}


@dataclass
class EmptyErrors(WebFault):
    """A handler outside the wrapper (default), one without an answer (`no_answer`), a value out of range (`range`)."""

    variants: ClassVar[tuple[str, ...]] = tuple(_CHANGES)
    changes: ClassVar[dict[str, Change]] = _CHANGES

    async def meet(self, place: Addresses) -> None:
        """Let people use it, some of them with what it does not expect."""
        met: dict[str, tuple[str, str, list[Request]]] = {
            "default": (
                "GET /api/export: customer_id is no number",
                "GET /api/export?format=csv&customer_id=abc",
                [("GET", "/api/export?customer_id={n}"), ("GET", "/api/export?customer_id=abc&format=csv")],
            ),
            "no_answer": (
                "GET /api/quote: currency has a value it does not know",
                "GET /api/quote?country=DE&currency=CHF",
                [("GET", "/api/quote?currency=USD"), ("GET", "/api/quote?currency=CHF&country=DE")],
            ),
            "range": (
                "GET /api/stats: days is out of range",
                "GET /api/stats?days=99999999999999",
                [("GET", "/api/stats?days=30"), ("GET", "/api/stats?days=99999999999999")],
            ),
        }
        self.subject, endpoint, requests = met[self.variant]
        self.parameters = {"endpoint": endpoint}
        self.traffic(place, *requests, ("GET", "/api/prices"), rps=6.0)
        await self.seen(place, endpoint.partition(" ")[2])
