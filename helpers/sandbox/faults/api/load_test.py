"""A planned load test: four times the usual requests, and the API keeps up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.api._code import Request, send_traffic
from helpers.sandbox.faults.base import Fault

__all__ = ["LoadTest"]

_AGENT = {"headers": {"User-Agent": "k6/1.0"}}
_ASKED: tuple[Request, ...] = (
    ("GET", "/customers/{n}", _AGENT),
    ("GET", "/flags/flag-{n}", _AGENT),
    ("GET", "/orders/{n}", _AGENT),
    ("POST", "/sessions", {**_AGENT, "json": {"customer_id": 7}}),
)


@dataclass
class LoadTest(Fault):
    """Forty cheap requests a second."""

    lookalike: ClassVar[bool] = True
    services: ClassVar[tuple[str, ...]] = ("postgres", "redis", "api")

    async def inject(self, place: Addresses) -> None:
        """Start it."""
        self.parameters = {"endpoint": "GET /orders/7"}
        self.clients.start(send_traffic(place.api, _ASKED, 40.0))

    async def heal(self, place: Addresses) -> None:
        """End it."""
        await self.clients.close()
