"""Users are logged out, although nothing is evicted.

New sessions live seconds instead of half an hour; or the server was restarted and had kept nothing (`restarted`), a release looks for
sessions under another prefix (`prefix_changed`), somebody flushed all keys (`flushed`). Users come with the cookie they have, and log in.
"""

from __future__ import annotations

import json
import random
import secrets
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.control import call
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.redis._server import Bystanders, delete, fill, go_on, server

__all__ = ["SessionsLost"]

_USERS = 20_000
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class _Sessions:
    """`old` and `new` are prefixes; sessions lived `lived_s`, and live `lives_s` now."""

    old: str
    new: str
    reason: str
    lived_s: int
    lives_s: int
    there: int
    token: Callable[[], str]


_VARIANTS = {
    "default": _Sessions("sess:{id}", "sess:{id}", "time to live shortened", 1800, 20, 4000, lambda: secrets.token_urlsafe(24)),
    "restarted": _Sessions(
        "Auth Session|{id}", "Auth Session|{id}", "restart without persistence", 7200, 7200, 900, lambda: secrets.token_hex(16)
    ),
    "prefix_changed": _Sessions(
        "shop:login:{id}", "shop:v2:login:{id}", "prefix changed from shop:login:{id}", 2400, 2400, 6000, lambda: secrets.token_urlsafe(18)
    ),
    "flushed": _Sessions(
        "spring:session:sessions:{id}", "spring:session:sessions:{id}", "keys flushed", 3600, 3600, 500, lambda: str(uuid.uuid4())
    ),
}


@dataclass
class SessionsLost(Fault):
    """Twenty thousand users, most of whom come with a session that is not found."""

    variants: ClassVar[tuple[str, ...]] = ("default", "restarted", "prefix_changed", "flushed")
    resolvable: ClassVar[bool] = False

    bystanders: Bystanders = field(default_factory=Bystanders, repr=False)
    cookies: dict[int, str] = field(default_factory=dict, repr=False)

    async def inject(self, place: Addresses) -> None:
        """Open the sessions of before, lose them, and let the users come."""
        kind = _VARIANTS[self.variant]
        self.subject = f"{kind.new}: {kind.reason}"
        async with server(place) as session:
            await self.bystanders.keep(session)
            await fill(session, _opened(kind))
            if self.variant == "flushed":
                await session.flushall()
        if self.variant == "restarted":
            await _restart(place)
        async with server(place) as session:
            for _ in range(20):
                await self._come(session)
        self.clients.start(go_on(place, "web", self._come, pause_s=0.1))

    async def _come(self, session: Any) -> None:
        """Look for the sessions of eight users; who has none logs in."""
        kind = _VARIANTS[self.variant]
        users = random.sample(range(_USERS), _AT_ONCE)
        pipe = session.pipeline(transaction=False)
        for user in users:
            pipe.hget(_key(kind.new, self.cookies.get(user) or kind.token()), "user")
        for user, found in zip(users, await pipe.execute(), strict=True):
            if found is None:
                self.cookies[user] = kind.token()
                await fill(session, _open(_key(kind.new, self.cookies[user]), user, kind.lives_s))

    async def heal(self, place: Addresses) -> None:
        """End the users' visits, delete the sessions, and bring back what others lost."""
        await self.clients.close()
        kind = _VARIANTS[self.variant]
        async with server(place) as session:
            await delete(session, *(p.replace("{id}", "*") for p in {kind.old, kind.new}))
            await self.bystanders.bring_back(session)


def _key(prefix: str, token: str) -> str:
    return prefix.replace("{id}", token)


def _open(key: str, user: int, lives_s: int) -> Iterator[tuple[Any, ...]]:
    yield ("HSET", key, "user", user, "theme", "dark")
    yield ("EXPIRE", key, lives_s)


def _opened(kind: _Sessions) -> Iterator[tuple[Any, ...]]:
    """The sessions of before, made one after the other during the last half of their life."""
    for number in range(kind.there):
        yield from _open(_key(kind.old, kind.token()), number, kind.lived_s // 2 + number * kind.lived_s // (2 * kind.there))


async def _restart(place: Addresses) -> None:
    """End the server as a crash does, and start it again: this one keeps nothing on disk."""
    state = json.loads((Path(place.folder) / "state.json").read_text())
    for operation in ("kill", "start"):
        await call(state["port"], state["token"], operation, service="redis")
