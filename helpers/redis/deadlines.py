"""Deadlines that tell whose they are: each key's expiry time follows from the key and a recorded seed.

So the server itself is the journal of what was changed. A key whose deadline is the computed one, to the millisecond, got it from this
fix; one that the application gave another deadline meanwhile did not, and an undo leaves it alone. Spread over `jitter`, they do not
all expire at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.errors import SystemProblem
from helpers.redis.connect import Redis

__all__ = ["GONE", "Deadlines", "deadlines_of", "now_ms"]

GONE = -2  # what PEXPIRETIME and PTTL say of a key that is not there
TOLERANCE_MS = 250  # before 7.0 a deadline is read as PTTL + TIME


@dataclass(frozen=True, slots=True)
class Deadlines:
    """`start_ms` + `ttl_ms`, prolonged by up to `jitter` (a share of it), for each key its own."""

    start_ms: int
    ttl_ms: int
    jitter: float
    seed: str

    def of(self, key: bytes) -> int:
        """Return the key's deadline in Unix milliseconds."""
        digest = hashlib.blake2b(key, key=self.seed.encode()[:64], digest_size=8).digest()
        return self.start_ms + self.ttl_ms + int(self.ttl_ms * self.jitter * int.from_bytes(digest) / 2**64)

    def to_json(self) -> dict[str, Any]:
        """Return it as an inverse can hold it."""
        return {"start_ms": self.start_ms, "ttl_ms": self.ttl_ms, "jitter": self.jitter, "seed": self.seed}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Deadlines:
        """Return it from an inverse."""
        return cls(data["start_ms"], data["ttl_ms"], data["jitter"], data["seed"])

    async def own(self, redis: Redis, keys: Sequence[bytes]) -> list[bytes]:
        """Return those of `keys` whose deadline on the server is the one computed here. Raises SystemProblem."""
        found = await deadlines_of(redis, keys)
        return [key for key, (at_ms, exact) in zip(keys, found, strict=True) if abs(at_ms - self.of(key)) <= (0 if exact else TOLERANCE_MS)]


async def now_ms(redis: Redis) -> int:
    """Return the server's own time in Unix milliseconds."""
    seconds, micros = await redis.ask("TIME")
    return int(seconds) * 1000 + int(micros) // 1000


async def deadlines_of(redis: Redis, keys: Sequence[bytes]) -> list[tuple[int, bool]]:
    """Return each key's deadline in Unix ms (-1: none, GONE: no such key), and whether that is exact (7.0+). Raises SystemProblem."""
    replies = await redis.ask_many([("PEXPIRETIME", key) for key in keys], timeout_s=10.0, lines=True)
    if all(isinstance(reply, int) for reply in replies):
        return [(reply, True) for reply in replies]
    base = await now_ms(redis)
    replies = await redis.ask_many([("PTTL", key) for key in keys], timeout_s=10.0, lines=True)
    for reply in replies:
        if isinstance(reply, SystemProblem):
            raise reply
    return [(reply if reply < 0 else base + reply, False) for reply in replies]
