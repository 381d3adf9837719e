"""A crawler asks for pages that are not there: a burst of 404, which is the crawler's fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.api._code import Request, send_traffic
from helpers.sandbox.faults.base import Fault

__all__ = ["Crawler"]

_ASKED: tuple[Request, ...] = (
    ("GET", "/wp-login.php"),
    ("GET", "/orders/999{n}000"),
    ("GET", "/.env"),
    ("GET", "/customers/888{n}000"),
    ("GET", "/admin/{n}/export"),
    ("GET", "/customers?email=nobody{n}%40example.com"),
)


@dataclass
class Crawler(Fault):
    """Thirty requests a second, most of them for nothing."""

    lookalike: ClassVar[bool] = True
    services: ClassVar[tuple[str, ...]] = ("postgres", "redis", "api")

    async def inject(self, place: Addresses) -> None:
        """Start it."""
        self.parameters = {"endpoint": "GET /orders?customer_id=42"}
        self.clients.start(send_traffic(place.api, _ASKED, 30.0))

    async def heal(self, place: Addresses) -> None:
        """End it."""
        await self.clients.close()
