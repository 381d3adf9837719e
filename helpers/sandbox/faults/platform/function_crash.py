"""A function's process ends in the middle of a request: its memory is full, or it cannot start for want of a variable or a module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.api._code import Change
from helpers.sandbox.faults.platform._web import WebFault

__all__ = ["FunctionCrash"]

_REPORT = """import { query } from "@/lib/db";
import { handle } from "@/lib/http";

export const GET = handle(async () => {
  const rows: unknown[] = [];
  for (let page = 0; ; page++) {
    const found = await query("select o.*, repeat('x', 2000) as history from orders o order by id offset $1 limit 2000", [page * 2000]);
    if (found.length === 0) break;
    rows.push(...found.map((row) => ({ ...row, history: [...String(row.history)] })));
  }
  return Response.json({ orders: rows.length });
});
"""
_HOOK = """export async function register(): Promise<void> {
  const { checked } = await import("@/lib/payment");
  checked();
}
"""
_PAYMENT = """/** End at once when what payments need is not set, as validators of settings do. */
export function checked(): string {
  const key = process.env.PAYMENT_KEY;
  if (!key) {
    console.error("Missing required environment variable: PAYMENT_KEY");
    process.exit(1);
  }
  return key;
}
"""
_LOADED = """export async function register(): Promise<void> {
  const name = "sharp-native";
  try {
    await import(/* turbopackIgnore: true */ name);
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
}
"""
_CHANGES = {
    "default": Change(
        "feat: a report of all orders", {}, {"app/api/report/route.ts": _REPORT}, environment={"NODE_OPTIONS": "--max-old-space-size=96"}
    ),
    "variable": Change("feat: payments", {}, {"instrumentation.ts": _HOOK, "lib/payment.ts": _PAYMENT}),
    "module": Change("perf: images by a native module", {}, {"instrumentation.ts": _LOADED}),
}


@dataclass
class FunctionCrash(WebFault):
    """A route that fills the memory (default), a variable (`variable`) or a module (`module`) that is missing when it starts."""

    variants: ClassVar[tuple[str, ...]] = tuple(_CHANGES)
    changes: ClassVar[dict[str, Change]] = _CHANGES

    async def meet(self, place: Addresses) -> None:
        """Let people ask."""
        self.subject, endpoint = {
            "default": ("memory: GET /api/report", "GET /api/report"),
            "variable": ("variable: PAYMENT_KEY", "GET /api/prices"),
            "module": ("module: sharp-native", "GET /api/prices"),
        }[self.variant]
        self.parameters = {"endpoint": endpoint}
        self.traffic(place, ("GET", endpoint.partition(" ")[2]), ("GET", "/api/health"), rps=1.0)
        await self.seen(place, endpoint.partition(" ")[2], 1)
