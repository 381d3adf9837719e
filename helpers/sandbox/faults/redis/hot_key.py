"""One key takes most of the traffic, and its node has to serve it all.

Every request reads the site's settings from Redis, on a server that counts accesses (an LFU policy). In `flags` all services read one
hash of feature flags on a server that does not; in `counter` everybody counts in one sorted set.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.redis._server import Settings, delete, fill, go_on, server

__all__ = ["HotKey"]

_ITEMS = 400
_KEYS = {"default": "config:site", "flags": "Feature Flags|All", "counter": "Top/Pages"}
_READS = {
    "default": ("GET", "config:site"),
    "flags": ("HGETALL", "Feature Flags|All"),
    "counter": ("ZINCRBY", "Top/Pages", 1, "home"),
}
_AT_ONCE, _OTHERS = 80, 20
_CLIENTS = 2
_PAUSE_S = 0.05
_BUSY_PER_S = 400.0  # these clients reach a few thousand, or less where the machine is shared


@dataclass
class HotKey(Fault):
    """Up to some thousand calls a second, four fifths of them for one key, the rest for hundreds of others."""

    variants: ClassVar[tuple[str, ...]] = ("default", "flags", "counter")
    resolvable: ClassVar[bool] = False

    settings: Settings = field(default_factory=Settings, repr=False)

    async def inject(self, place: Addresses) -> None:
        """Write the keys, and let the clients begin."""
        self.subject, self.parameters = _KEYS[self.variant], {"busy_per_s": _BUSY_PER_S}
        async with server(place) as session:
            if self.variant == "default":
                await self.settings.change(session, maxmemory_policy="allkeys-lfu")
            await fill(session, (("SET", f"item:{n}", "i" * 100) for n in range(_ITEMS)))
            await fill(session, (("HSET", f"member:{n}", "name", n) for n in range(100)))
            await fill(session, [("ZADD", "Top/Pages", 1, "home"), ("ZADD", "Top/Authors", 1, "ann")])
            await fill(session, [("SET", "config:site", "c" * 200), ("HSET", "Feature Flags|All", *[f"flag{n}" for n in range(40)])])
        for number in range(_CLIENTS):
            self.clients.start(go_on(place, f"shop-web-{number}", _traffic(self.variant), pause_s=_PAUSE_S))

    async def heal(self, place: Addresses) -> None:
        """End the clients, delete the keys, and put the policy back."""
        await self.clients.close()
        async with server(place) as session:
            await delete(session, "item:*", "member:*", "Top/*", keys=[b"config:site", b"Feature Flags|All"])
            await self.settings.put_back(session)


def _traffic(variant: str) -> Callable[[Any], Awaitable[None]]:
    async def work(session: Any) -> None:
        others = [("GET", f"item:{number}") for number in random.choices(range(_ITEMS), k=_OTHERS)]  # noqa: S311 - as visitors choose
        await fill(session, [*[_READS[variant]] * _AT_ONCE, *others])

    return work
