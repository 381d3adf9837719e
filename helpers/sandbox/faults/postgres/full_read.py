"""Looks like a missing index: a report that reads most of a table, and is right to.

No index helps a statement that needs most rows. Nothing is broken: the report wants a summary table, or patience.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.app.routes.reports import REVENUE
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.clients import repeat

__all__ = ["FullRead"]

_PAUSE_S = 0.5


@dataclass
class FullRead(Fault):
    """A client asks for the revenue report again and again."""

    lookalike: ClassVar[bool] = True

    async def inject(self, place: Addresses) -> None:
        """Run the report, with half a second between."""
        self.subject = "orders"
        self.parameters = {"query": REVENUE}
        if place.api:
            self.parameters["endpoint"] = "GET /reports/revenue"
        await self.clients.run(place, "reporting", repeat(REVENUE, pause_s=_PAUSE_S))

    async def heal(self, place: Addresses) -> None:
        """Stop asking."""
        await self.clients.end(place)
