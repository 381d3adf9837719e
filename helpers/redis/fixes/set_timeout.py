"""Let the server close connections that nobody uses: `timeout`, in seconds without a command.

It reaches ordinary clients only: the server never times out replicas, subscribers, or clients that wait in a blocking command. A pool
whose connection was closed opens another one; a client that cannot reconnect sees one error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from helpers.errors import ParameterError
from helpers.redis.clients import grouped, listed
from helpers.redis.connect import Redis
from helpers.redis.settings import SettingFix

__all__ = ["SetTimeout"]


@dataclass(frozen=True)
class SetTimeout(SettingFix):
    """CONFIG SET timeout to `to_s` seconds; one that is as short already is left."""

    to_s: int

    setting: ClassVar[str] = "timeout"

    def wanted(self) -> str:
        """Return the seconds. Raises ParameterError."""
        if self.to_s < 1:
            raise ParameterError("timeout needs at least 1, in seconds: 0 means never.")
        return str(int(self.to_s))

    def needed(self, was: str) -> bool:
        """Whether connections live longer by now, or forever (0)."""
        return int(was) == 0 or int(was) > self.to_s

    async def effects(self, session: Redis, was: str) -> Sequence[str]:
        """Return whose connections are closed at once."""
        closed = Counter({g.who: g.clients for g in grouped(await listed(session), idle_s=float(self.to_s)) if g.doing == "idle"})
        shown = ", ".join(f"{who} ({count})" for who, count in closed.most_common(10)) or "nobody's"
        return [
            f"Connections without a command for {self.to_s} s are closed from now on, at once those of: {shown}.",
            "Every application on this server is meant: a pool that keeps connections longer must be able to reconnect.",
            "The undo stops this; it brings no connection back.",
        ]

    def advice(self) -> Sequence[str]:
        """Return what keeps the leak from coming back."""
        return ["Find where connections are opened and not closed: one client or pool per process, made at start and closed at its end."]
