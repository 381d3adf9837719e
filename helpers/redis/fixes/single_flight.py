"""Let one client make a missing value while the others wait for it: a patch for a person to review.

Nothing on the server keeps all clients that miss from computing the same value at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import FixPreview, Proposal
from helpers.redis.connect import Redis

__all__ = ["SingleFlight"]

_CODE = '''import asyncio
import random
import secrets

RELEASE = """if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end"""


async def cached(redis, key, compute, *, ttl_s=%(ttl_s)d, lock_ms=10_000):
    """Return the value of `key`; of all who miss it at once, one computes it."""
    while True:
        value = await redis.get(key)
        if value is not None:
            return value
        token = secrets.token_hex(8)
        if await redis.set(f"lock:{key}", token, nx=True, px=lock_ms):
            try:
                value = await compute()
                await redis.set(key, value, ex=int(ttl_s * random.uniform(0.8, 1.0)))
                return value
            finally:
                await redis.eval(RELEASE, 1, f"lock:{key}", token)
        await asyncio.sleep(random.uniform(0.02, 0.1))
'''


@dataclass(frozen=True)
class SingleFlight(Proposal):
    """One computation per missing key of `prefix`, whose keys live `ttl_s` seconds; `clients` is how many computed it at once."""

    prefix: str
    ttl_s: float = 300.0
    clients: float = 0.0

    needs: ClassVar[str] = "redis"

    async def preview(self, session: Redis) -> FixPreview:
        """Return what changes, as text."""
        seen = f"About {self.clients:.0f} clients computed each key at once. " if self.clients else ""
        return FixPreview(
            statements=[f"SET lock:<key of {self.prefix}> <token> NX PX 10000"],
            effects=[f"{seen}With the lock one does, and the others wait for its value; a crashed one is waited for 10 s at most."],
            advice=["Serve the old value while it is made anew (stale-while-revalidate) where the answer may be some seconds old."],
        )

    def patch(self, preview: FixPreview) -> str:
        """Return it as a Python module on redis.asyncio."""
        return _CODE % {"ttl_s": max(int(self.ttl_s), 1)}
