"""Cached objects: which keys look like copies of rows, and what they hold, read in bounded parts without touching what is evicted next.

A pattern is a key with one place for the row's id: `article:{id}`, or `flag:{name}` where the last field is a name.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from helpers.errors import SystemProblem
from helpers.redis.connect import Redis
from helpers.redis.keys import SEPARATORS
from helpers.redis.keyspace import random_keys
from helpers.redis.prefixes import ID, NAME, shape
from helpers.redis.walk import keys_of

__all__ = ["SCALAR", "Cached", "by_pattern", "digest", "id_of", "pattern_of", "read_cached", "some_of"]

SCALAR = ""  # the field name of a value that is no object
MOST_BYTES = 65_535
MOST_FIELDS = 200
STEP = 200
DRAWN = 5000
WALK_S = 15.0


@dataclass(frozen=True, slots=True)
class Cached:
    """One cached object: `fields` by name (one named SCALAR for a plain value), `raw` all its bytes, `as_text` where numbers are texts."""

    key: bytes
    id: str
    fields: dict[str, Any]
    raw: bytes
    ttl_ms: int
    as_text: bool


def pattern_of(key: bytes) -> str:
    """Return the key's pattern; empty where it has more than one id, or none and a single field."""
    shaped = shape(key)
    if ID in shaped:
        return shaped if shaped.count(ID) == 1 else ""
    fields = SEPARATORS.split(shaped)
    return "".join([*fields[:-1], NAME]) if len(fields) > 2 and fields[-1] else ""


def id_of(key: bytes, pattern: str) -> str | None:
    """Return what the key has in the pattern's place; None where it does not fit, or is no text."""
    place = ID if ID in pattern else NAME
    before, _, after = pattern.partition(place)
    try:
        text = key.decode()
    except UnicodeDecodeError:
        return None
    found = re.fullmatch(f"{re.escape(before)}(.+){re.escape(after)}", text, re.DOTALL)
    return found[1] if found and "\0" not in text else None


async def by_pattern(redis: Redis, *, keys: int = DRAWN) -> dict[str, list[bytes]]:
    """Return random keys by their pattern, the most frequent first. Raises SystemProblem."""
    found: dict[str, list[bytes]] = defaultdict(list)
    for key in await random_keys(redis, keys):
        pattern = pattern_of(key)
        if pattern:
            found[pattern].append(key)
    return dict(sorted(found.items(), key=lambda item: -len(item[1])))


async def some_of(redis: Redis, pattern: str, *, most: int) -> list[bytes]:
    """Return up to `most` of the pattern's keys, random ones where there are more; what 15 s of walking find where they are few."""
    found = [key for key in await random_keys(redis, DRAWN) if id_of(key, pattern) and pattern_of(key) == pattern]
    if len(found) >= most:
        return found[:most]
    every: dict[bytes, None] = dict.fromkeys(found)
    until = time.monotonic() + WALK_S
    async for page in keys_of(redis, pattern):
        every |= dict.fromkeys(key for key in page if id_of(key, pattern))
        if len(every) >= most or time.monotonic() > until:
            break
    return list(every)[:most]


async def read_cached(redis: Redis, keys: Sequence[bytes], pattern: str) -> list[Cached]:
    """Return what the keys hold; what is gone, too large, or neither object nor plain value is left out. Raises SystemProblem."""
    found = []
    for start in range(0, len(keys), STEP):
        page = keys[start : start + STEP]
        replies = _whole(await redis.ask_many([(q, key) for key in page for q in ("TYPE", "PTTL")], lines=True))
        kinds = {key: (replies[2 * n], replies[2 * n + 1]) for n, key in enumerate(page)}
        found += await _strings(redis, pattern, {k: ttl for k, (kind, ttl) in kinds.items() if kind == b"string"})
        found += await _hashes(redis, pattern, {k: ttl for k, (kind, ttl) in kinds.items() if kind == b"hash"})
    redis.keys_scanned += len(keys)
    return found


async def _strings(redis: Redis, pattern: str, ttls: dict[bytes, int]) -> list[Cached]:
    values = _whole(await redis.ask_many([("GETRANGE", key, 0, MOST_BYTES) for key in ttls])) if ttls else []
    found = []
    for (key, ttl), raw in zip(ttls.items(), values, strict=True):
        fields = _parsed(raw) if 0 < len(raw) <= MOST_BYTES else None
        if fields is not None:
            found.append(Cached(key, id_of(key, pattern) or "", fields, raw, ttl, as_text=list(fields) == [SCALAR]))
    return found


async def _hashes(redis: Redis, pattern: str, ttls: dict[bytes, int]) -> list[Cached]:
    if not ttls:
        return []
    sizes = _whole(await redis.ask_many([("HLEN", key) for key in ttls], lines=True))
    usage = _whole(await redis.ask_many([("MEMORY USAGE", key) for key in ttls], lines=True))
    small = [k for k, n, b in zip(ttls, sizes, usage, strict=True) if 0 < n <= MOST_FIELDS and 0 < (b or 0) <= 4 * MOST_BYTES]
    found = []
    for key, (cursor, flat) in zip(small, _whole(await redis.ask_many([("HSCAN", k, 0, "COUNT", 1000) for k in small])), strict=True):
        pairs = sorted(zip(flat[::2], flat[1::2], strict=True))
        if cursor == b"0":
            fields = {name.decode("utf-8", "replace"): value.decode("utf-8", "backslashreplace") for name, value in pairs}
            raw = json.dumps([[n.hex(), v.hex()] for n, v in pairs]).encode()
            found.append(Cached(key, id_of(key, pattern) or "", fields, raw, ttls[key], as_text=True))
    return found


def _whole(replies: list[Any]) -> list[Any]:
    """Return the replies; a key that changed its type in between counts as gone elsewhere, any other refusal is raised."""
    for reply in replies:
        if isinstance(reply, SystemProblem):
            raise reply
    return replies


def _parsed(raw: bytes) -> dict[str, Any] | None:
    """Return the fields of a JSON object, or one plain value; None for a list, and for what is no text."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    try:
        value = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        value = text
    if isinstance(value, dict):
        return {str(k): v for k, v in value.items()} or None
    return None if isinstance(value, list) else {SCALAR: text if not isinstance(value, str) else value}


def digest(raw: bytes, seed: str) -> str:
    """Return by what a value is known again without being written down: a digest keyed with a random seed."""
    return hashlib.blake2b(raw, key=seed.encode()[:64], digest_size=12).hexdigest()
