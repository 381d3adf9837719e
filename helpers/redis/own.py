"""Lookups of this program's own: the server counts them among everybody's hits and misses, and several questions may be under way at once.

Source: Redis source, db.c, lookupKey: a read without LOOKUP_NOSTATS counts, whoever it is for; tried on a server by the tests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from helpers.redis.commands import Part

__all__ = ["LOOKUPS", "answered", "answered_each", "hits", "misses", "noted"]

LOOKUPS = frozenset(
    {
        b"TYPE", b"TTL", b"PTTL", b"EXPIRETIME", b"PEXPIRETIME", b"EXISTS", b"STRLEN", b"HLEN", b"LLEN", b"SCARD", b"ZCARD", b"XLEN",
        b"OBJECT", b"GETRANGE", b"HSCAN", b"SSCAN", b"ZSCAN",
    }
)  # fmt: skip
_COUNT = frozenset({b"EXISTS", b"STRLEN", b"HLEN", b"LLEN", b"SCARD", b"ZCARD", b"XLEN"})  # 0: no such key
_sent: Counter[str] = Counter()
_missed: Counter[str] = Counter()


def noted(place: str, commands: Sequence[Sequence[Part]], times: int = 1) -> None:
    """Take note of commands that are sent to the server at `place`, each so many times."""
    looked = sum(times for parts in commands if _word(parts[0]) in LOOKUPS)
    if looked:
        _sent[place] += looked


def answered(place: str, commands: Iterable[Sequence[Part]], replies: Iterable[Any]) -> None:
    """Take note of their replies: which of them found no key."""
    missed = sum(reply in _gone(_word(parts[0])) for parts, reply in zip(commands, replies, strict=True))
    if missed:
        _missed[place] += missed


def answered_each(place: str, questions: Sequence[Sequence[Part]], rows: Sequence[Sequence[Any]]) -> None:
    """Take note of the replies to the same questions about many keys, a row for each key."""
    words = [_word(parts[0]) for parts in questions]
    missed = sum(sum(map(column.count, _gone(word))) for word, column in zip(words, zip(*rows, strict=True), strict=bool(rows)))
    if missed:
        _missed[place] += missed


def hits(place: str) -> int:
    """Return how many lookups of this process found their key there; those under way count as found."""
    return _sent[place] - _missed[place]


def misses(place: str) -> int:
    """Return how many found none."""
    return _missed[place]


def _gone(word: bytes) -> tuple[Any, ...]:
    """Return the replies to this command that say there is no such key; none for one that looks up none."""
    if word not in LOOKUPS:
        return ()
    return (None, -2, b"none", b"", [b"0", []], *((0,) if word in _COUNT else ()))


def _word(part: Part) -> bytes:
    return part.upper() if isinstance(part, bytes) else str(part).upper().encode()
