"""Keys of one prefix lose their expiry, and stay for ever.

A worker writes keys with an expiry, and another overwrites some of them with a plain SET, which drops it (hashes: PERSIST, as a
well-meant "keep alive" does). In `never_set` no code path ever gave them one.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.redis._server import delete, fill, go_on, server

__all__ = ["MissingTtl"]

_KEYS = 8000
_LOSES_EVERY_S = 0.1
_TTL_S = 1800


@dataclass
class MissingTtl(Fault):
    """Half of a prefix's keys have lost their expiry, and more do all the time; in `never_set` none of them has one."""

    variants: ClassVar[tuple[str, ...]] = ("default", "hashes", "never_set")

    keys: list[bytes] = field(default_factory=list, repr=False)

    async def inject(self, place: Addresses) -> None:
        """Write the keys, and let a worker go on dropping expiries."""
        name = {"default": "session:{id}", "hashes": "Visit Stats|{id}|day", "never_set": "Basket/{id}"}[self.variant]
        self.subject = name
        self.keys = [_key(name) for _ in range(_KEYS)]
        async with server(place) as session:
            await fill(session, self._commands())
            await fill(session, (("SET", f"visitor:{n}", secrets.token_hex(60), "EX", 3000 + n) for n in range(1500)))
        if self.variant == "never_set":
            self.parameters = {"prefix": name, "ttl_s": float(_TTL_S)}
            return
        self.clients.start(go_on(place, "profile-refresh", self._lose_one, pause_s=_LOSES_EVERY_S))

    def _commands(self) -> Iterator[tuple[Any, ...]]:
        for number, key in enumerate(self.keys):
            yield ("HSET", key, "views", number, "path", "/") if self.variant != "default" else ("SET", key, secrets.token_hex(20))
            if number % 2 and self.variant != "never_set":
                yield ("EXPIRE", key, random.randint(_TTL_S // 2, _TTL_S))  # noqa: S311 - as ages are

    async def _lose_one(self, session: Any) -> None:
        """Drop the expiry of three keys that have one."""
        for key in random.sample(self.keys[1::2], 3):
            if self.variant == "default":
                await session.set(key, secrets.token_hex(20), xx=True)
            else:
                await session.persist(key)

    async def heal(self, place: Addresses) -> None:
        """End the worker, and delete the keys."""
        await self.clients.close()
        async with server(place) as session:
            await delete(session, "visitor:*", keys=self.keys)


def _key(name: str) -> bytes:
    ids = {"session:{id}": secrets.token_urlsafe(16), "Basket/{id}": str(secrets.randbelow(10**9))}
    return name.replace("{id}", ids.get(name, secrets.token_hex(8))).encode()
