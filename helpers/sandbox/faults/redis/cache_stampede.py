"""Cached values expire together, and every client makes all of them anew at once.

The cache was filled in one go, every key with the same time to live. Clients that miss ask the database (where there is one) and write the
value with the same time to live again: so it comes back with every period.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import asyncpg

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.clients import superuser, table_owner
from helpers.sandbox.faults.redis._server import delete, fill, go_on, server

__all__ = ["CacheStampede"]

_CLIENTS = 6
_MAKES_S = 0.5  # what is expensive to make is what people cache
_TABLE = """
    drop table if exists tiles;
    create table tiles (id bigint primary key, body text not null);
    insert into tiles select n, md5(n::text) from generate_series(0, 999) n
"""


@dataclass(frozen=True, slots=True)
class _Cache:
    name: str
    keys: int
    ttl_s: int
    hashes: bool = False
    alone: str = ""

    def key(self, number: int) -> str:
        return self.name.replace("{id}", str(1000 + number))

    def write(self, number: int) -> Iterator[tuple[Any, ...]]:
        if self.hashes:
            yield ("HSET", self.key(number), "body", "r" * 200, "etag", number)
            yield ("PEXPIRE", self.key(number), self.ttl_s * 1000)
        else:
            yield ("SET", self.key(number), "t" * 120, "EX", self.ttl_s)


_CACHES = {
    "default": _Cache("tile:{id}", 400, 24),
    "hashes": _Cache("Rendered Page/{id}/html", 150, 32, hashes=True),
    "one_key": _Cache("home|rendered", 1, 3, alone="home|rendered"),
}


@dataclass
class CacheStampede(Fault):
    """Keys with one deadline, or one hot key (`one_key`), and clients that all make what they miss; other keys expire one by one.

    The right fix of `one_key` is a proposal: a run with `--apply` ends with `cause_found`.
    """

    variants: ClassVar[tuple[str, ...]] = tuple(_CACHES)
    services: ClassVar[tuple[str, ...]] = ("postgres", "redis")
    optional: ClassVar[tuple[str, ...]] = ("postgres",)
    proposed: ClassVar[tuple[str, ...]] = ("one_key",)

    connections: list[asyncpg.Connection] = field(default_factory=list, repr=False)

    @property
    def _cache(self) -> _Cache:
        return _CACHES[self.variant]

    async def inject(self, place: Addresses) -> None:
        """Fill the cache in one go, and let the clients read it."""
        self.subject = self._cache.name
        if place.admin:
            async with table_owner(place) as connection:
                await connection.execute(_TABLE)
        async with server(place) as session:
            await fill(session, (("SET", f"visit:{n}", "v" * 40, "EX", 600 + 3 * n) for n in range(500)))
            await fill(session, (c for n in range(self._cache.keys) for c in self._cache.write(n)))
        self.parameters = {"key": self._cache.alone} if self._cache.alone else {}
        for _ in range(_CLIENTS if not self._cache.alone else _CLIENTS * 2):
            database = await self.clients.connect(place, "web") if place.admin else None
            self.clients.start(go_on(place, "web", self._reader(database), pause_s=0.15))

    def _reader(self, database: asyncpg.Connection | None) -> Any:
        """Return work that reads 60 random keys, and makes those that are missing."""

        async def read(session: Any) -> None:
            numbers = random.sample(range(self._cache.keys), min(60, self._cache.keys))
            pipe = session.pipeline(transaction=False)
            for number in numbers:
                _ = pipe.hget(self._cache.key(number), "body") if self._cache.hashes else pipe.get(self._cache.key(number))
            missing = [n for n, value in zip(numbers, await pipe.execute(), strict=True) if value is None]
            for number in missing:
                await database.fetchval("select body from tiles where id = $1", number) if database else None
            await asyncio.sleep(_MAKES_S if missing and self._cache.alone else 0)
            await fill(session, (c for n in missing for c in self._cache.write(n)))

        return read

    async def heal(self, place: Addresses) -> None:
        """End the clients, delete the keys and the table."""
        await self.clients.close()
        async with server(place) as session:
            await delete(session, self._cache.name.replace("{id}", "*"), "visit:*")
        if place.admin:
            async with superuser(place) as connection:
                await connection.execute("drop table if exists tiles")
