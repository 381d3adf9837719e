"""A shared cache gives one user what is another's: a private answer that the edge may keep, by the usual header or by the CDN's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.api._code import Change
from helpers.sandbox.faults.platform._web import WebFault

__all__ = ["SharedCacheLeak"]

_ME = "app/api/me/route.ts"
_BASKET_FILE = "app/api/basket/route.ts"
_BASKET = """import { withAuth } from "@/lib/auth";
import { query } from "@/lib/db";
import { handle } from "@/lib/http";

export const GET = handle(
  withAuth(async (_request, { customerId }) => {
    const orders = await query("select id, status, total_cents from orders where customer_id = $1 order by id desc limit 5", [customerId]);
    const answer = Response.json({ customerId, orders });
    answer.headers.set("CDN-Cache-Control", "max-age=300");
    return answer;
  }),
);
"""
_CHANGES = {
    "default": Change(
        "perf: profile pages from the edge", {_ME: (('"Cache-Control": "private, no-store"', '"Cache-Control": "public, s-maxage=300"'),)}
    ),
    "cdn_header": Change("feat: what is in the basket", {}, {_BASKET_FILE: _BASKET}),
}
_A, _B = 7, 8


@dataclass
class SharedCacheLeak(WebFault):
    """`s-maxage` on a signed-in route (default), `CDN-Cache-Control` on another (`cdn_header`)."""

    variants: ClassVar[tuple[str, ...]] = tuple(_CHANGES)
    changes: ClassVar[dict[str, Change]] = _CHANGES

    async def meet(self, place: Addresses) -> None:
        """Sign two customers in, whose cookies lie in files, and let them read."""
        cookies = [f"session={await self.signed_in(place, customer)}" for customer in (_A, _B)]
        files = [Path(place.folder) / name for name in ("cookie-a", "cookie-b")]
        for path, cookie in zip(files, cookies, strict=True):
            path.write_text(f"Cookie: {cookie}", encoding="utf-8")
        if self.variant == "default":
            self.subject, path_of = f"GET /api/me: s-maxage=300 at {self.at(_ME, 's-maxage')}", "/api/me"
        else:
            self.subject, path_of = f"GET /api/basket: max-age=300 at {self.at(_BASKET_FILE, 'max-age')}", "/api/basket"
        self.parameters = {"endpoint": f"GET {path_of}", "credentials_a": f"file:{files[0]}", "credentials_b": f"file:{files[1]}"}
        requests = [("GET", path_of, {"headers": {"Cookie": cookie}}) for cookie in cookies]
        self.traffic(place, *requests, ("GET", "/api/prices"), rps=4.0)
