"""Variables that look like drift and are meant: other values by environment, overrides of a branch, public keys, templates, one that left everywhere."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.api._code import Change
from helpers.sandbox.faults.platform._web import WebFault

__all__ = ["MeantToDiffer"]

_MADE_UP = "9e3a5d07" * 4  # always the same, so that what was built with it is found again
_TEMPLATE = "DATABASE_URL=changeme\nREDIS_URL=\nPAYMENT_SECRET=your-secret-here\n"
_LOCAL = "DATABASE_URL=postgres://postgres:postgres@localhost:5432/shop\n"
_TRACKER = """/** Where errors of the browser go, and which key the provider's form has: both are made to be public. */
export const tracker = process.env.NEXT_PUBLIC_SENTRY_DSN ?? "";
export const provider = process.env.NEXT_PUBLIC_STRIPE_KEY ?? "";
export const stage = process.env.VERCEL_ENV ?? "development";
"""


@dataclass
class MeantToDiffer(WebFault):
    """Everything is as it should be."""

    lookalike: ClassVar[bool] = True

    async def inject(self, place: Addresses) -> None:
        """Set and deploy it."""
        self.deployed_from = self.host.checkout.version()
        platform, publishable = self.host.platform, f"pk_live_{_MADE_UP}"
        platform.set("DATABASE_URL", "postgres://app:hunter22@branch.shop.example/shop", ["preview"], branch="feature/prices")
        platform.set("CARRIER_URL", "", ["preview"], branch="feature/prices")
        platform.set("NEXT_PUBLIC_STRIPE_KEY", publishable, kind="plain")
        platform.set("STRIPE_PUBLISHABLE_KEY", publishable, kind="plain")
        platform.set("NEXT_PUBLIC_SENTRY_DSN", f"https://{_MADE_UP}@o1.ingest.sentry.example/42", kind="plain")
        platform.set("SENTRY_AUTH_TOKEN", secrets.token_hex(24), ["production"], kind="sensitive")
        platform.set("OLD_FEATURE", "1")
        await self.deploy(
            Change("feat: errors of the browser", {}, {"lib/tracker.ts": _TRACKER, ".env.example": _TEMPLATE, ".env.development": _LOCAL})
        )
        for target in ("production", "preview", "development"):
            platform.unset("OLD_FEATURE", target)
        await self.meet(place)

    async def meet(self, place: Addresses) -> None:
        """Let people ask."""
        self.parameters = {"endpoint": "GET /api/prices"}
        self.traffic(place, ("GET", "/api/prices"), rps=1.0)

    async def heal(self, place: Addresses) -> None:
        """Set what the platform had, and deploy what ran before."""
        if self.host is not None:
            self.host.furnish()
        await super().heal(place)
