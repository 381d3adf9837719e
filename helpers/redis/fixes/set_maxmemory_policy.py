"""Change what the server does when its memory is full: evict instead of refusing writes.

Right for keys that can be made again, and only for these: evicted keys are gone, and the undo does not bring them back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from helpers.errors import ParameterError
from helpers.redis.connect import Redis
from helpers.redis.settings import SettingFix

__all__ = ["SetMaxmemoryPolicy"]

POLICIES = (
    "noeviction", "volatile-lru", "volatile-lfu", "volatile-ttl", "volatile-random", "volatile-lrm",
    "allkeys-lru", "allkeys-lfu", "allkeys-random", "allkeys-lrm",
)  # fmt: skip


@dataclass(frozen=True)
class SetMaxmemoryPolicy(SettingFix):
    """CONFIG SET maxmemory-policy to `policy`."""

    policy: str

    setting: ClassVar[str] = "maxmemory-policy"

    def wanted(self) -> str:
        """Return the policy. Raises ParameterError on an unknown one."""
        if self.policy not in POLICIES:
            raise ParameterError(f"{self.policy!r} is no maxmemory-policy.", remedy=f"Known: {', '.join(POLICIES)}.")
        return self.policy

    async def effects(self, session: Redis, was: str) -> Sequence[str]:
        """Return what may be evicted."""
        facts = await session.info("memory", "keyspace")
        which = "any key" if self.policy.startswith("allkeys") else "keys that have an expiry, of every prefix,"
        if self.policy == "noeviction":
            return ["No key is evicted any more; when the memory is full, writes are refused."]
        return [
            f"When {int(facts.get('maxmemory', 0)):,} bytes are in use, {which} may be evicted, those first that the policy chooses.",
            "What was evicted is gone: the undo stops the eviction, and brings no key back.",
        ]

    def advice(self) -> Sequence[str]:
        """Return what keeps eviction from hurting."""
        return ["Keep what must not be lost (sessions, queues, counters) on another server than what can be made again."]
