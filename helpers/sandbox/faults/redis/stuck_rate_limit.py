"""Some counters of a rate limit never expire: whoever they count is locked out for good.

A limiter sends INCR, and EXPIRE when the answer is 1. A process died between the two, so these counters have no expiry; the limiters
that run now see a higher number, and never send one. `per_hour` and `one_user` count under other names, windows and numbers.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.redis._server import client, delete, fill, go_on, server

__all__ = ["StuckRateLimit"]

_WITNESSES = "visitor:*"


@dataclass(frozen=True, slots=True)
class _Limit:
    prefix: str
    window_s: int
    users: int
    stuck: int
    high: int


_LIMITS = {
    "default": _Limit("throttle:login:{id}", 300, 600, 9, 400),
    "per_hour": _Limit("Quota|{id}|Search API", 3600, 240, 20, 90_000),
    "one_user": _Limit("rl/v2/{id}/upload", 900, 1500, 1, 60),
}


@dataclass
class StuckRateLimit(Fault):
    """A limit that hundreds of users are counted by, and a few of them for ever."""

    variants: ClassVar[tuple[str, ...]] = ("default", "per_hour", "one_user")

    keys: list[bytes] = field(default_factory=list, repr=False)

    async def inject(self, place: Addresses) -> None:
        """Count everybody, let one limiter die between its two commands, and go on counting."""
        limit = _LIMITS[self.variant]
        self.subject = limit.prefix
        self.keys = [limit.prefix.replace("{id}", _user(self.variant, number)).encode() for number in range(limit.users)]
        async with server(place) as session:
            await fill(session, self._counted(limit))
            await fill(session, (("SET", f"visitor:{n}", f"v{n:x}", "EX", 3000 + n) for n in range(300)))
        await self._die_between(place, limit)
        self.clients.start(go_on(place, "limiter", self._count, pause_s=0.05))

    def _counted(self, limit: _Limit) -> Iterator[tuple[Any, ...]]:
        """Everybody else's counter, in the middle of its window."""
        for number, key in enumerate(self.keys[limit.stuck :]):
            yield ("INCRBY", key, 1 + number % 20)
            yield ("EXPIRE", key, limit.window_s // 2 + number * limit.window_s // (2 * limit.users))

    async def _die_between(self, place: Addresses, limit: _Limit) -> None:
        """Send INCR without the EXPIRE after it; what was counted since by others comes on top."""
        died = client(place, "limiter")
        for key in self.keys[: limit.stuck]:
            await died.incr(key)
        await died.connection_pool.disconnect()
        await died.aclose()
        async with server(place) as session:
            await fill(session, (("INCRBY", key, limit.high + n) for n, key in enumerate(self.keys[: limit.stuck])))

    async def _count(self, session: Any) -> None:
        """Count one who is locked out and a few others, as a limiter does."""
        limit = _LIMITS[self.variant]
        for key in [random.choice(self.keys[: limit.stuck]), *random.sample(self.keys, 4)]:  # noqa: S311 - who comes in
            if await session.incr(key) == 1:
                await session.expire(key, limit.window_s)

    async def heal(self, place: Addresses) -> None:
        """End the limiter, and delete the counters."""
        await self.clients.close()
        async with server(place) as session:
            await delete(session, _WITNESSES, keys=self.keys)


def _user(variant: str, number: int) -> str:
    """An address, an account's number, a hash: as limits name their users."""
    if variant == "default":
        return f"198.51.{number // 250}.{number % 250}"
    return str(4_000_017 + 31 * number) if variant == "per_hour" else f"{0xC0FFEE00 + 7919 * number:012x}"
