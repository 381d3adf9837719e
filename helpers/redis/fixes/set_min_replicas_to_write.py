"""A stop-gap: take writes with fewer replicas in touch than was wanted. What is written then is on fewer machines.

It buys time to bring a replica back: a primary that is lost meanwhile loses what no replica has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from helpers.errors import ParameterError
from helpers.redis.connect import Redis
from helpers.redis.settings import SettingFix

__all__ = ["SetMinReplicasToWrite"]


@dataclass(frozen=True)
class SetMinReplicasToWrite(SettingFix):
    """CONFIG SET min-replicas-to-write to `to`; one that is as low already is left."""

    to: int

    setting: ClassVar[str] = "min-replicas-to-write"

    def wanted(self) -> str:
        """Return the number. Raises ParameterError."""
        if self.to < 0:
            raise ParameterError("min-replicas-to-write is 0 or more.")
        return str(int(self.to))

    def needed(self, was: str) -> bool:
        """Whether more are wanted."""
        return int(was) > self.to

    async def effects(self, session: Redis, was: str) -> Sequence[str]:
        """Return how many there are."""
        info = await session.info("replication")
        return [
            f"A STOP-GAP: writes are taken with {self.to} instead of {was} replicas in touch; {info.get('connected_slaves', 0)} are connected.",
            "If the primary is lost before a replica is back, what was written meanwhile is lost; with a network split, both sides may be written to.",
        ]

    def advice(self) -> Sequence[str]:
        """Return how to leave the stop-gap again."""
        return [
            "Bring the replica back, wait until INFO replication shows it online, then set min-replicas-to-write back (`runbook undo`)."
        ]
