"""Lookups of this program's own: the server counts them among everybody's hits, and several questions may be under way at once.

Source: Redis source, db.c, lookupKey: a read without LOOKUP_NOSTATS counts, whoever it is for; tried on a server by the tests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from helpers.redis.commands import Part

__all__ = ["LOOKUPS", "noted", "sent"]

LOOKUPS = frozenset(
    {
        b"TYPE", b"TTL", b"PTTL", b"EXPIRETIME", b"PEXPIRETIME", b"EXISTS", b"STRLEN", b"HLEN", b"LLEN", b"SCARD", b"ZCARD", b"XLEN",
        b"OBJECT", b"GETRANGE", b"HSCAN", b"SSCAN", b"ZSCAN",
    }
)  # fmt: skip
_sent: Counter[str] = Counter()


def noted(place: str, commands: Sequence[Sequence[Part]], times: int = 1) -> None:
    """Take note of commands that are sent to the server at `place`, each so many times."""
    looked = sum(times for parts in commands if _word(parts[0]) in LOOKUPS)
    if looked:
        _sent[place] += looked


def sent(place: str) -> int:
    """Return how many lookups this process has sent there; of a key that was gone one is a miss and no hit, which is neglected."""
    return _sent[place]


def _word(part: Part) -> bytes:
    return part.upper() if isinstance(part, bytes) else str(part).upper().encode()
