"""How large one key is: its type, its elements, its bytes. None of the questions touches the key or returns its value."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.errors import SystemProblem
from helpers.redis.connect import Redis

__all__ = ["KeySize", "key_size"]

_COUNT = {"string": "STRLEN", "hash": "HLEN", "list": "LLEN", "set": "SCARD", "zset": "ZCARD", "stream": "XLEN"}


@dataclass(frozen=True, slots=True)
class KeySize:
    """`elements` are a string's bytes too, but count as none; `bytes` (MEMORY USAGE, an estimate) is None where the service does not say."""

    type: str
    elements: int
    bytes: int | None

    def __str__(self) -> str:
        size = f" in about {self.bytes / (1 << 20):,.1f} MiB" if self.bytes is not None else ""
        return f"{self.type} of {self.elements:,} elements{size}" if self.type != "string" else f"string{size}"


async def key_size(redis: Redis, key: bytes) -> KeySize | None:
    """Return the size of a key; None where there is none, or TYPE is refused. Raises Unreachable, TimedOut."""
    kind, size = await redis.ask_many([("TYPE", key), ("MEMORY USAGE", key)], lines=True)
    if not isinstance(kind, bytes) or kind == b"none":
        return None
    name = kind.decode("ascii", "replace")
    question = _COUNT.get(name)
    counted = (await redis.ask_many([(question, key)], lines=True))[0] if question else 0
    elements = 0 if isinstance(counted, SystemProblem) or name == "string" else int(counted or 0)
    return KeySize(name, elements, size if isinstance(size, int) else None)
