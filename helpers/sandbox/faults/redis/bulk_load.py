"""Looks like keys that never expire: a catalogue is loaded, as planned, and is meant to stay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.redis._server import delete, fill, go_on, server

__all__ = ["BulkLoad"]

_AT_ONCE = 3000
_STEP = 40


@dataclass
class BulkLoad(Fault):
    """Thousands of products without an expiry, and more every moment, beside sessions that expire."""

    lookalike: ClassVar[bool] = True

    loaded: Iterator[int] = field(default_factory=lambda: iter(range(_AT_ONCE, 100_000, _STEP)), repr=False)

    async def inject(self, place: Addresses) -> None:
        """Load the first part, and go on loading."""
        async with server(place) as session:
            await fill(session, (_product(n) for n in range(_AT_ONCE)))
            await fill(session, (("SET", f"login:{n:x}a{n}", "s", "EX", 1800) for n in range(1500)))
        self.clients.start(go_on(place, "catalogue-import", self._load, pause_s=0.1))

    async def _load(self, session: Any) -> None:
        first = next(self.loaded, None)
        if first is not None:
            await fill(session, (_product(n) for n in range(first, first + _STEP)))

    async def heal(self, place: Addresses) -> None:
        """End the import, and delete what it loaded."""
        await self.clients.close()
        async with server(place) as session:
            await delete(session, "product:*", "login:*")


def _product(number: int) -> tuple[Any, ...]:
    return ("HSET", f"product:{number}", "name", f"Product {number}", "price", number)
