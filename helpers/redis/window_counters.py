"""Counters of windows, among keys that expire together: a limit's window ends for everybody at once, and nothing is made anew.

A counter is an integer that changes while its deadline stays. A cached number is told from it: a new value comes with a new deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from helpers.redis.connect import Redis
from helpers.redis.counters import integers
from helpers.redis.deadlines import TOLERANCE_MS, deadlines_of

__all__ = ["without_counters"]

GLANCED_AT = 20
LOOKED_AT = 500  # of 10,000 clients with 100 requests a second, five of those looked at send one meanwhile
PAUSE_S = 1.0
_Seen = dict[bytes, tuple[int, int]]


async def without_counters(redis: Redis, drawn: Mapping[str, Sequence[bytes]]) -> dict[str, list[bytes]]:
    """Return `drawn` (keys by prefix) without the prefixes that are seen to count; where values may not be read, none is. Raises SystemProblem."""
    suspects = {prefix: keys[:LOOKED_AT] for prefix, keys in drawn.items() if await _numbers(redis, keys[:GLANCED_AT])}
    before = {prefix: await _seen(redis, keys) for prefix, keys in suspects.items()}
    if any(before.values()):
        await asyncio.sleep(PAUSE_S)
    counting = {prefix for prefix, seen in before.items() if seen and _count(seen, await _seen(redis, list(seen)))}
    return {prefix: list(keys) for prefix, keys in drawn.items() if prefix not in counting}


async def _numbers(redis: Redis, keys: Sequence[bytes]) -> bool:
    """Return whether all of these keys that are still there are integers that expire; no value is read for this."""
    replies = await redis.ask_many([("OBJECT ENCODING", key) for key in keys])
    encodings = [reply for reply in replies if isinstance(reply, bytes)]
    return bool(encodings) and all(encoding == b"int" for encoding in encodings)


async def _seen(redis: Redis, keys: Sequence[bytes]) -> _Seen:
    """Return the value and the deadline of each."""
    values = await integers(redis, keys)
    deadlines = dict(zip(values, [at for at, _ in await deadlines_of(redis, list(values))], strict=True))
    return {key: (value, deadlines[key]) for key, value in values.items() if value is not None and deadlines[key] > 0}


def _count(before: _Seen, after: _Seen) -> bool:
    changed = [(before[key][1], at) for key, (value, at) in after.items() if value != before[key][0]]
    return bool(changed) and all(abs(at - was) <= TOLERANCE_MS for was, at in changed)
