"""Every call to Redis hiccups: one client's command walks all keys, or one key with tens of thousands of elements.

A report looks for its keys with KEYS; it ends with its connection. In `big_key` a web application sorts a whole leaderboard for every
visitor; in `script` a nightly job counts in Lua.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.redis._server import delete, fill, go_on, server

__all__ = ["SlowCommand"]

_BOARD = "Leader Board|All"
_COUNT = "local n = 0 for i = 1, tonumber(ARGV[1]) do n = n + redis.call('SISMEMBER', KEYS[1], i) end return n"
_SUBJECTS = {
    "default": "KEYS basket:*:open by report-cron",
    "big_key": f"SORT {_BOARD} by board-web",
    "script": "EVAL Visitors/{id} by nightly_count",
}
_STEP = 1000


@dataclass
class SlowCommand(Fault):
    """The slow command goes on, a few times a second, while the application does what it always does."""

    variants: ClassVar[tuple[str, ...]] = ("default", "big_key", "script")

    ended: bool = False

    async def inject(self, place: Addresses) -> None:
        """Write the keys, and let the clients begin."""
        self.subject, self.ended = _SUBJECTS[self.variant], False
        async with server(place) as session:
            await fill(session, _commands(self.variant))
        self.clients.start(go_on(place, "shop-web", _visit, pause_s=0.05))
        if self.variant == "big_key":
            self.parameters = {"disposable": _BOARD}
            for _ in range(2):
                self.clients.start(go_on(place, "board-web", _sort, pause_s=0.25))
        else:
            name, work = ("report-cron", self._report) if self.variant == "default" else ("nightly_count", self._count)
            self.clients.start(go_on(place, name, work, pause_s=0.15))

    async def _report(self, session: Any) -> None:
        await self._job(session, "KEYS", "basket:*:open")

    async def _count(self, session: Any) -> None:
        await self._job(session, "EVAL", _COUNT, 1, "Visitors/2031", 150_000)

    async def _job(self, session: Any, *command: Any) -> None:
        """Send it, as a script does that ends with its connection."""
        if self.ended:
            return
        session.set_retry(Retry(NoBackoff(), 0))
        try:
            await session.execute_command(*command)
        except Disconnected:
            self.ended = True

    async def heal(self, place: Addresses) -> None:
        """End the clients, and delete the keys."""
        await self.clients.close()
        async with server(place) as session:
            await delete(session, "basket:*", f"*{_BOARD}*", "Visitors/*", "teaser:*")


def _commands(variant: str) -> list[tuple[Any, ...]]:
    teasers = [("SET", f"teaser:{n}", "t" * 50, "EX", 3600) for n in range(300)]
    if variant == "default":
        pages = range(0, 120_000, _STEP)
        return [*teasers, *(("MSET", *(p for n in range(s, s + _STEP) for p in (f"basket:{n}:items", 1))) for s in pages)]
    name = _BOARD if variant == "big_key" else "Visitors/2031"
    return [*teasers, *(("SADD", name, *range(s, s + _STEP)) for s in range(0, 60_000, _STEP))]


async def _visit(session: Any) -> None:
    """What the application does beside it."""
    await session.get("teaser:7")


async def _sort(session: Any) -> None:
    await session.get("teaser:8")
    await session.execute_command("SORT", _BOARD, "ALPHA", "LIMIT", 0, 10)
