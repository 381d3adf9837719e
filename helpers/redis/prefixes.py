"""Key prefixes, learned from the keys: ids, uuids, hashes, dates and addresses collapse to `{id}`, many names to `{name}`.

A key's shape follows from the key alone: `session:k3J9…` is `session:{id}` on every server. What is no id by its looks but comes in
many (`user:alice`, `user:bob` …) collapses by its cardinality, to `{name}`. A prefix as written is enough to tell which keys are its.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache

from helpers.redis.keys import SEPARATORS, UUID, could_be_token, is_hash, is_token, key_text

__all__ = ["ID", "NAME", "belongs", "examples", "glob", "learn", "shape"]

ID = "{id}"
NAME = "{name}"
MANY = 16  # more different names than this at one place are data, not structure, if few keys have each
FEW_KEYS = 20
VERY_MANY = 200
_LONGEST_FIELD = 96

# Whole things that contain separators, found before the key is split; each only where its own sign is in the key.
_WHOLE = [
    ("-", 4, UUID),
    ("-", 2, re.compile(r"\b\d{4}-\d\d-\d\d(?:[T_ ]\d\d[:.]?\d\d(?:[:.]?\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?!\d)")),
    (".", 3, re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")),
    (":", 5, re.compile(r"(?i)\b[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){5,7}\b")),
    ("@", 1, re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
]
_NUMBER = re.compile(r"(?:(?<=[A-Za-z]{3})|(?<![A-Za-z\d]))\d+(?:\.\d+)?(?![A-Za-z\d])")


def shape(key: bytes) -> str:
    """Return the key with everything that looks like an id replaced by `{id}`; arbitrary bytes count as an id."""
    text = key.decode("utf-8", "surrogateescape")
    for sign, count, pattern in _WHOLE:
        if sign in text and text.count(sign) >= count:
            text = pattern.sub(ID, text)
    parts = SEPARATORS.split(text)
    parts[::2] = [ID if part.isdigit() else _field(part) for part in parts[::2]]
    return "".join(parts)


@lru_cache(maxsize=65536)
def _field(field: str) -> str:
    """Return one field, which may hold `{id}` already."""
    if not field.isprintable() or len(field) > _LONGEST_FIELD:
        return ID
    if ID in field or not field:
        return field
    return ID if is_hash(field) or is_token(field) else _NUMBER.sub(ID, field)


def learn(shapes: Mapping[str, int]) -> dict[str, str]:
    """Return shape → prefix for the shapes of a sample with their counts, where a place with many names collapses to `{name}`.

    Many are more than 200, or more than 16 with fewer than 20 keys each; the first field, which is what people call the prefix, only
    collapses for more than 200. A long field beside ids is an id that looks like a word.
    """
    found = {s: SEPARATORS.split(s) for s in shapes}
    for place in range(0, max((len(f) for f in found.values()), default=0), 2):
        names: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for shaped, fields in found.items():
            if place < len(fields):
                names[_around(fields, place)][fields[place]] += shapes[shaped]
        for fields in found.values():
            if place < len(fields) and fields[place] != ID:
                fields[place] = _folded(fields[place], names[_around(fields, place)], last=place == len(fields) - 1, first=place == 0)
    return {s: "".join(fields) for s, fields in found.items()}


def _around(fields: list[str], place: int) -> tuple[str, ...]:
    """What comes before a place, and whether something follows: names are counted among their like."""
    return (*fields[:place], "end" if place == len(fields) - 1 else "")


def _folded(field: str, names: Counter[str], *, last: bool, first: bool) -> str:
    if ID in names and could_be_token(field.replace(ID, "0")):  # a token's own digits may have become an id
        return ID
    if ID in field:
        return field
    rare = len(names) > MANY and names.total() < FEW_KEYS * len(names) and (last or not first)
    return NAME if rare or len(names) > VERY_MANY else field


def belongs(key: bytes, prefix: str) -> bool:
    """Whether the key is one of the prefix's: the same fields, any name where the prefix says `{name}`."""
    return _fits(shape(key), prefix)


def _fits(shaped: str, prefix: str) -> bool:
    if shaped == prefix:
        return True
    if NAME not in prefix:
        return False
    own, wanted = SEPARATORS.split(shaped), SEPARATORS.split(prefix)
    return len(own) == len(wanted) and all(o == w or (w == NAME and ID not in o) for o, w in zip(own, wanted, strict=True))


def glob(prefix: str) -> bytes:
    """Return a MATCH pattern that every key of the prefix matches; others may too, so `belongs` decides."""
    literal = re.sub(r"([*?\[\]\\])", r"\\\1", prefix)
    return re.sub(r"\*+", "*", literal.replace(ID, "*").replace(NAME, "*")).encode("utf-8", "surrogateescape")


def examples(keys: Iterable[bytes], *, limit: int = 3) -> str:
    """Return a few keys as text for people."""
    return ", ".join(key_text(key, limit=60) for _, key in zip(range(limit), keys, strict=False))
