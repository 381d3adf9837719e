"""Rows were changed past the application, and their cached copies were not invalidated.

An import updates a table in SQL; the cache goes on answering with the old values for as long as its keys live, or for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.clients import superuser, table_owner
from helpers.sandbox.faults.redis._copies import COPIES, Copied
from helpers.sandbox.faults.redis._server import delete, fill, server

__all__ = ["StaleCache"]


@dataclass
class StaleCache(Fault):
    """Cached objects, hashes without an expiry, or feature flags, some of which say what their rows no longer do.

    Where the sandbox has no PostgreSQL there is nothing to disagree with: then it only leaves cached objects behind.
    """

    variants: ClassVar[tuple[str, ...]] = tuple(COPIES)
    services: ClassVar[tuple[str, ...]] = ("postgres", "redis")
    optional: ClassVar[tuple[str, ...]] = ("postgres",)

    @property
    def _copied(self) -> Copied:
        return COPIES[self.variant]

    async def inject(self, place: Addresses) -> None:
        """Make the table, cache its rows, and change some of them."""
        copied = self._copied
        self.subject, self.parameters = copied.subject, dict(copied.parameters)
        rows: Iterable[Any] = ()
        if place.admin:
            async with table_owner(place) as connection:
                await connection.execute(f"{copied.undo}; {copied.make}")
                rows = await connection.fetch(copied.rows)
        async with server(place) as session:
            await fill(session, (command for row in rows for command in copied.cached(tuple(row))))
            await fill(session, (("SET", f"basket:{n}", "b" * 80, "EX", 1800 + n) for n in range(300)))
        if place.admin:
            async with table_owner(place) as connection:
                await connection.execute(copied.change)

    async def heal(self, place: Addresses) -> None:
        """Delete the cached copies, those a fix has kept aside, and the table."""
        async with server(place) as session:
            await delete(session, self._copied.keys, f"runbook-kept:*{self._copied.keys}", "basket:*")
        if place.admin:
            async with superuser(place) as connection:
                await connection.execute(self._copied.undo)
