"""Propose fewer connections per process: the application uses more than the server takes.

Raising maxclients is not the first answer: each client costs memory and a file descriptor, and the next deployment needs twice as many.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import FixPreview, Proposal
from helpers.redis.connect import Redis

__all__ = ["ResizeClientPool"]

ROOM = 0.4  # both versions are connected while a deployment rolls, and others need slots too


@dataclass(frozen=True)
class ResizeClientPool(Proposal):
    """A bounded pool for `who`, which has `clients` connections of the server's `maxclients`."""

    who: str
    clients: int
    maxclients: int

    needs: ClassVar[str] = "redis"

    async def preview(self, session: Redis) -> FixPreview:
        """Return what the pools may have together."""
        return FixPreview(
            statements=[self.patch(FixPreview([]))],
            effects=[
                f"{self.who} has {self.clients} connections in use, the server takes {self.maxclients} clients in all.",
                f"All its processes together should stay under {int(ROOM * self.maxclients)}: two versions run while a deployment rolls.",
            ],
            advice=["Raise maxclients only after this, with the server's open-files limit (maxclients + 32) and its memory checked."],
        )  # fmt: skip

    def patch(self, preview: FixPreview) -> str:
        """Return the pool's settings; `PROCESSES` is the number of worker processes of all instances."""
        most = int(ROOM * self.maxclients)
        return (
            "# one pool per process, made once; a caller waits for a free connection instead of opening another\n"
            f"pool = redis.asyncio.BlockingConnectionPool.from_url(url, max_connections={most} // PROCESSES, timeout=2)\n"
            "client = redis.asyncio.Redis(connection_pool=pool)\n"
        )
