"""How full the server is with clients: their slots, or the memory their buffers hold, in per cent; the higher counts.

At a hundred per cent of the slots the next client is refused; buffers count against maxmemory, and push writes or keys out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.errors import Refused
from helpers.redis.clients import buffers_pct, limits, slots
from helpers.redis.connect import Redis
from helpers.redis.gauge import Gauge

__all__ = ["ClientPressure"]


@dataclass(frozen=True)
class ClientPressure(Gauge):
    """The higher of slots taken of maxclients and client buffers of half of maxmemory, in per cent.

    Source: Redis manual, INFO clients (`connected_clients`, `maxclients`), INFO memory (`mem_clients_normal`).
    """

    metric: ClassVar[str] = "pct"

    @property
    def name(self) -> str:
        """What is measured."""
        return "client slots or buffers in use"

    async def look(self, redis: Redis) -> float:
        """Return the per cent of this moment. Raises Refused where the service tells neither."""
        info = await redis.info("clients", "memory")
        taken, there_are = slots(info, await limits(redis, info))
        shares = [100 * taken / there_are] if there_are else []
        if "mem_clients_normal" in info:
            shares.append(buffers_pct(info))
        if not shares:
            raise Refused("redis", "The service tells neither its client slots nor the memory of client buffers.")
        return max(shares)
