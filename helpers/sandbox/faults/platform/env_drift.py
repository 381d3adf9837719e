"""A variable is not as the code needs it: gone from one environment, misspelt, in the browser's bundle, in git's history, or not deployed yet."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.api._code import Change
from helpers.sandbox.faults.platform._web import WebFault

__all__ = ["EnvDrift"]

_CARRIER = """import { handle } from "@/lib/http";

export const dynamic = "force-dynamic";

/** Who carries parcels, as the settings say. */
function carrier(): string {
  const url = process.env.CARRIER_URL;
  if (!url) throw new Error("The carrier is not set");
  return new URL(url).host;
}

export const GET = handle(async () => Response.json({ carrier: carrier() }));
"""
_LAYOUT = """export default function Layout({ children }: { children: React.ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
"""
_PAY = """"use client";

/** The form that pays: the browser talks to the provider itself. */
export default function Pay() {
  return <form data-provider={process.env.NEXT_PUBLIC_PAYMENT_KEY}>Pay</form>;
}
"""
_NEW_ROUTE = Change("feat: who carries parcels", {}, {"app/api/carrier/route.ts": _CARRIER})
_PAGE = Change("feat: pay in the browser", {}, {"app/layout.tsx": _LAYOUT, "app/pay/page.tsx": _PAY})
_URL = "https://carrier.example/v2"
_MADE_UP = "7c1e9b52" * 4


@dataclass
class EnvDrift(WebFault):
    """Gone from production (default), set under another name (`misspelt`), a secret in the bundle (`public`), in git (`history`), `undeployed`."""

    variants: ClassVar[tuple[str, ...]] = ("default", "public", "misspelt", "history", "undeployed")
    endpoint: str = "GET /api/health"

    async def inject(self, place: Addresses) -> None:
        """Change the platform's variables as a person would, and deploy where that is a part of it."""
        self.deployed_from = self.host.checkout.version()
        await {"default": self._gone, "misspelt": self._misspelt, "public": self._public, "history": self._history,
               "undeployed": self._undeployed}[self.variant]()  # fmt: skip
        await self.meet(place)

    async def meet(self, place: Addresses) -> None:
        """Let people ask."""
        self.parameters = {"endpoint": self.endpoint}
        path = self.endpoint.partition(" ")[2]
        self.traffic(place, ("GET", path), ("GET", "/api/health"), rps=1.0)
        await self.seen(place, path, 1)

    async def _gone(self) -> None:
        """Remove it from production, and deploy the same commit again."""
        self.host.platform.set("CARRIER_URL", _URL)
        await self.deploy(_NEW_ROUTE)
        self.host.platform.unset("CARRIER_URL", "production")
        await self.host.redeploy({})
        self.subject, self.endpoint = "CARRIER_URL: missing in production", "GET /api/carrier"

    async def _misspelt(self) -> None:
        await self._gone()
        self.host.platform.set("CARIER_URL", _URL, ["production"])
        await self.host.redeploy({})
        self.subject = "CARRIER_URL: set as CARIER_URL in production"

    async def _public(self) -> None:
        """Give the browser the key that was meant for the server."""
        key = f"sk_live_{_MADE_UP}"  # always the same, so that what was built with it is found again
        self.host.platform.set("PAYMENT_KEY", key)
        self.host.platform.set("NEXT_PUBLIC_PAYMENT_KEY", key, kind="plain")
        await self.deploy(_PAGE)
        self.subject, self.endpoint = "NEXT_PUBLIC_PAYMENT_KEY: a secret in what browsers load", "GET /pay"

    async def _history(self) -> None:
        """Commit a .env, and take it out of the next commit."""
        checkout = self.host.checkout
        self.host.platform.set("PAYMENT_KEY", "the-platform-keeps-it", kind="sensitive")
        checkout.edit({}, {".env": f"PAYMENT_KEY=sk_live_{secrets.token_hex(16)}\n"})
        checkout.commit("feat: settings for payments")
        (checkout.folder / ".env").unlink()
        checkout.commit("chore: settings do not belong here")
        self.subject = "PAYMENT_KEY: a secret in git's history (.env)"

    async def _undeployed(self) -> None:
        """Change it, and deploy nothing."""
        self.host.platform.set("SHIPPING_URL", _URL)
        self.subject = "SHIPPING_URL: changed after the deployment that serves production"

    async def heal(self, place: Addresses) -> None:
        """Set what the platform had, and deploy what ran before."""
        if self.host is not None:
            self.host.furnish()
        await super().heal(place)
