"""Key prefixes, learned from the keys: ids, uuids, hashes, dates and addresses collapse to `{id}`, many names to `{name}`.

A key's shape follows from the key alone: `session:k3J9…` is `session:{id}` on every server. What is no id by its looks but comes in
many (`user:alice`, `user:bob` …) collapses by its cardinality, to `{name}`. A prefix as written is enough to tell which keys are its.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache

from helpers.redis.replies import key_text

__all__ = ["ID", "NAME", "belongs", "examples", "glob", "learn", "shape"]

ID = "{id}"
NAME = "{name}"
MANY = 16  # more different names than this at one place are data, not structure
_LONGEST_FIELD = 96

_SEPARATORS = re.compile(r"([:/|#,; ]|(?<!\d)\.|\.(?!\d))")
# Whole things that contain separators, found before the key is split; each only where its own sign is in the key.
_WHOLE = [
    ("-", 4, re.compile(r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")),
    ("-", 2, re.compile(r"\b\d{4}-\d\d-\d\d(?:[T_ ]\d\d[:.]?\d\d(?:[:.]?\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?!\d)")),
    (".", 3, re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")),
    (":", 5, re.compile(r"(?i)\b[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){5,7}\b")),
    ("@", 1, re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
]
_HEX = re.compile(r"(?i)(?=.*\d)[0-9a-f]{8,}")
_TOKEN = re.compile(r"[A-Za-z0-9_+=~-]{16,}")
_TURN = re.compile(r"(?<=[a-z])[^a-z]|(?<=[A-Z])[^A-Z]|(?<=\d)\D|(?<=[^A-Za-z\d])[A-Za-z\d]")
_DIGITS = re.compile(r"\d+")
_NUMBER = re.compile(r"(?:(?<=[A-Za-z]{3})|(?<![A-Za-z\d]))\d+(?:\.\d+)?(?![A-Za-z\d])")


def shape(key: bytes) -> str:
    """Return the key with everything that looks like an id replaced by `{id}`; arbitrary bytes count as an id."""
    text = key.decode("utf-8", "surrogateescape")
    for sign, count, pattern in _WHOLE:
        if sign in text and text.count(sign) >= count:
            text = pattern.sub(ID, text)
    parts = _SEPARATORS.split(text)
    parts[::2] = [ID if part.isdigit() else _field(part) for part in parts[::2]]
    return "".join(parts)


@lru_cache(maxsize=65536)
def _field(field: str) -> str:
    """Return one field, which may hold `{id}` already."""
    if not field.isprintable() or len(field) > _LONGEST_FIELD:
        return ID
    if ID in field or not field:
        return field
    return ID if _HEX.fullmatch(field) or _is_token(field) else _NUMBER.sub(ID, field)


def _is_token(field: str) -> bool:
    """Whether it is random text, as secrets.token_urlsafe, nanoid or a ULID make it, rather than words.

    Random text turns from one kind of character to another all the time, scatters its digits and lacks vowels. Of 20,000 of each this
    knows 99.4 % of token_urlsafe(16), 94 % of lower-case nanoids, all hashes; camelCase and snake_case names stay words.
    """
    if not _TOKEN.fullmatch(field):
        return False
    letters = [c for c in field if c.isalpha()]
    vowels = sum(c in "aeiouyAEIOUY" for c in letters)
    turns = len(_TURN.findall(field)) / len(field)
    return turns >= 0.4 or len(_DIGITS.findall(field)) >= 3 or (turns > 0.1 and vowels < 0.25 * len(letters))


def learn(shapes: Mapping[str, int]) -> dict[str, str]:
    """Return shape → prefix for the shapes of a sample with their counts, where a place with many names collapses to `{name}`.

    The first field never collapses while others follow it: it is what people call the prefix.
    """
    found = {s: _SEPARATORS.split(s) for s in shapes}
    for place in range(max((len(f) for f in found.values()), default=0)):
        names: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for fields in found.values():
            if place % 2 == 0 and place < len(fields):
                names[(*fields[:place], "end" if place == len(fields) - 1 else "")][fields[place]] += 1
        for fields in found.values():
            if place % 2 == 0 and place < len(fields):
                around = (*fields[:place], "end" if place == len(fields) - 1 else "")
                if len(names[around]) > MANY and ID not in fields[place]:
                    fields[place] = NAME
    return {s: "".join(fields) for s, fields in found.items()}


def belongs(key: bytes, prefix: str) -> bool:
    """Whether the key is one of the prefix's: the same fields, any name where the prefix says `{name}`."""
    return _fits(shape(key), prefix)


def _fits(shaped: str, prefix: str) -> bool:
    if shaped == prefix:
        return True
    if NAME not in prefix:
        return False
    own, wanted = _SEPARATORS.split(shaped), _SEPARATORS.split(prefix)
    return len(own) == len(wanted) and all(o == w or (w == NAME and ID not in o) for o, w in zip(own, wanted, strict=True))


def glob(prefix: str) -> bytes:
    """Return a MATCH pattern that every key of the prefix matches; others may too, so `belongs` decides."""
    literal = re.sub(r"([*?\[\]\\])", r"\\\1", prefix)
    return re.sub(r"\*+", "*", literal.replace(ID, "*").replace(NAME, "*")).encode("utf-8", "surrogateescape")


def examples(keys: Iterable[bytes], *, limit: int = 3) -> str:
    """Return a few keys as text for people."""
    return ", ".join(key_text(key, limit=60) for _, key in zip(range(limit), keys, strict=False))
