"""Raise the memory limit of the running server.

Nothing is lost and writes are taken again at once; it buys time, and needs a machine that has the memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from helpers.errors import FixFailed, ParameterError
from helpers.redis.connect import Redis
from helpers.redis.settings import SettingFix

__all__ = ["SetMaxmemory"]

MACHINE_SHARE = 0.8  # the rest is for the fork's copied pages, buffers and the system (Redis manual, memory optimisation)
MIB = 1 << 20


@dataclass(frozen=True)
class SetMaxmemory(SettingFix):
    """CONFIG SET maxmemory to `to_bytes` bytes; a limit that is as high already, or none, is left."""

    to_bytes: int

    setting: ClassVar[str] = "maxmemory"

    def wanted(self) -> str:
        """Return the limit in bytes. Raises ParameterError."""
        if self.to_bytes < MIB:
            raise ParameterError("maxmemory needs at least 1 MiB, in bytes.")
        return str(int(self.to_bytes))

    def needed(self, was: str) -> bool:
        """Whether the limit is lower."""
        return 0 < int(was) < self.to_bytes

    async def effects(self, session: Redis, was: str) -> Sequence[str]:
        """Return the limit beside what the machine has. Raises FixFailed when it does not have that much."""
        facts = await session.info("memory")
        total = facts.get("total_system_memory")
        if not isinstance(total, int) or total <= 0:
            return ["The service does not say how much memory the machine has: check its plan first."]
        if self.to_bytes > MACHINE_SHARE * total:
            raise FixFailed(
                f"The machine has {total / MIB:,.0f} MiB; {self.to_bytes / MIB:,.0f} MiB would be over {MACHINE_SHARE:.0%} of it.",
                remedy="Free memory instead: expire or move the largest prefix.",
            )
        return [
            f"The limit rises from {int(was) / MIB:,.0f} to {self.to_bytes / MIB:,.0f} MiB; the machine has {total / MIB:,.0f} MiB. "
            "A container's own limit is not visible from inside Redis: check it.",
            "Undone while more is in use, the server refuses writes again or, under an evicting policy, evicts down to the old limit at once.",
        ]

    def advice(self) -> Sequence[str]:
        """Return what the higher limit does not solve."""
        return [
            "The limit buys time: find out what makes the largest prefix grow, and give its keys an expiry.",
            f"Run this again when used_memory comes near {self.to_bytes / MIB:,.0f} MiB: the verification cannot see further than the new room.",
        ]
