"""Clients ask for what they may not have, or in a way that cannot be: a burst of 400, 401 and 404, each rightly answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.api._code import Request, send_traffic
from helpers.sandbox.faults.base import Fault

__all__ = ["BadClients"]

_ASKED: tuple[Request, ...] = (
    ("GET", "/api/orders?customer_id=abc{n}"),
    ("GET", "/api/me"),
    ("GET", "/.env"),
    ("GET", "/api/orders/{n}"),
    ("GET", "/api/quote?country=Nowhere"),
    ("POST", "/api/orders", {"json": {"total_cents": -1}}),
    ("GET", "/api/admin/{n}"),
)


@dataclass
class BadClients(Fault):
    """Twenty requests a second, none of which should be answered otherwise."""

    lookalike: ClassVar[bool] = True
    services: ClassVar[tuple[str, ...]] = ("postgres", "redis", "web")

    async def inject(self, place: Addresses) -> None:
        """Start them."""
        self.parameters = {"endpoint": "GET /api/orders?customer_id=abc"}
        self.clients.start(send_traffic(place.web, _ASKED, 20.0))

    async def heal(self, place: Addresses) -> None:
        """End them."""
        await self.clients.close()
