"""A function waits without a bound, and the platform ends it: a carrier's rates without a time limit, a loop until a label is there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.api._code import Change
from helpers.sandbox.faults.api._upstream import Upstream
from helpers.sandbox.faults.platform._web import WebFault

__all__ = ["FunctionTimeout"]

_SHIPPING = "lib/shipping.ts"
_LABELS = """import { z } from "zod";
import { cache } from "@/lib/cache";
import { handle } from "@/lib/http";

export const maxDuration = 4;

const Query = z.object({ order: z.coerce.number().int().positive() });

export const GET = handle(async (request) => {
  const { order } = Query.parse(Object.fromEntries(new URL(request.url).searchParams));
  const client = await cache();
  let label = await client.get(`label:${order}`);
  while (label === null) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    label = await client.get(`label:${order}`);
  }
  return Response.json({ order, label });
});
"""
_CHANGES = {
    "default": Change(
        "feat: the carrier's rates, however long they take",
        {_SHIPPING: (('{ signal: AbortSignal.timeout(1000), cache: "no-store" }', '{ cache: "no-store" }'),)},
    ),
    "loop": Change("feat: labels as soon as they are printed", {}, {"app/api/labels/route.ts": _LABELS}),
}


@dataclass
class FunctionTimeout(WebFault):
    """A call without a time limit to a carrier that hangs (default), a loop that waits for what never comes (`loop`)."""

    variants: ClassVar[tuple[str, ...]] = tuple(_CHANGES)
    changes: ClassVar[dict[str, Change]] = _CHANGES

    upstream: Upstream = field(default_factory=lambda: Upstream(lambda: 120.0), repr=False)

    async def inject(self, place: Addresses) -> None:
        """Start the carrier, deploy, and let people ask."""
        change = self.changes[self.variant]
        if self.variant == "default":
            change = replace(change, environment={"SHIPPING_URL": f"http://{await self.upstream.start()}"})
        await self.deploy(change)
        await self.meet(place)

    async def meet(self, place: Addresses) -> None:
        """Let people ask for what hangs, and for what does not."""
        if self.variant == "default":
            self.subject = f"GET /api/quote: fetch at {self.at(_SHIPPING, 'await fetch(')}"
            endpoint = "GET /api/quote?country=FR"
        else:
            self.subject = f"GET /api/labels: loop at {self.at('app/api/labels/route.ts', 'while (')}"
            endpoint = "GET /api/labels?order=7"
        self.parameters = {"endpoint": endpoint}
        self.traffic(place, ("GET", endpoint.partition(" ")[2]), ("GET", "/api/prices"), ("GET", "/api/orders?customer_id={n}"), rps=1.5)

    async def heal(self, place: Addresses) -> None:
        """Deploy what ran before, and end the carrier."""
        await super().heal(place)
        await self.upstream.close()
