"""Cached copies against their rows, looked at twice: what disagrees both times, unchanged on both sides, is stale and not just late."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from helpers.redis.cached import Cached, read_cached, some_of
from helpers.redis.connect import Redis
from helpers.redis.copies import GONE, Copy, differing
from helpers.redis.tables import Rows, read_rows
from helpers.redis.tally import wilson
from helpers.redis.walk import keys_of

__all__ = ["Compared", "Look", "compare_all", "compare_some", "look"]

SAMPLE = 400
MOST_KEYS = 100_000
MOST_STALE = 4_000  # a page more, and a fix still takes them all at once
WALK_S = 30.0


@dataclass(frozen=True, slots=True)
class Look:
    """One key at one moment: the cached object, its row, and the fields in which they differ."""

    cached: Cached
    row: dict[str, object] | None
    fields: tuple[str, ...]


@dataclass(slots=True)
class Compared:
    """What a comparison of `copy` came to: `stale` keys with their values' bytes; `late` differed at first and no longer do."""

    copy: Copy
    compared: int = 0
    late: int = 0
    stale: dict[bytes, Look] = field(default_factory=dict)
    whole: bool = False

    @property
    def stale_pct(self) -> float:
        """Share of the compared keys, in per cent."""
        return 100 * len(self.stale) / self.compared if self.compared else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Its 95 % interval; the share itself where every key was compared."""
        low, high = wilson(len(self.stale), self.compared)
        return (self.stale_pct, self.stale_pct) if self.whole else (100 * low, 100 * high)

    @property
    def gone_pct(self) -> float:
        """Share of the compared keys that have no row, in per cent."""
        return 100 * self.by_field()[GONE] / self.compared if self.compared else 0.0

    def changes(self) -> dict[str, str]:
        """Return when each stale key's row was changed, by its id, where the rows tell."""
        column = self.copy.changed_column
        return {
            one.cached.id: str(one.row[column]) for one in self.stale.values() if column and one.row and str(one.row[column])[:4].isdigit()
        }

    def by_field(self) -> Counter[str]:
        """Return how many stale keys differ in each field."""
        return Counter(name for one in self.stale.values() for name in one.fields)


async def look(redis: Redis, rows: Rows, copy: Copy, keys: Sequence[bytes]) -> dict[bytes, Look]:
    """Return each key that can be compared with its row, as both are now. Raises SystemProblem."""
    values = await read_cached(redis, keys, copy.pattern)
    found = await read_rows(rows, copy.table, copy.id_column, copy.columns, [v.id for v in values]) if values else {}
    return {v.key: Look(v, found[v.id], differing(v, found[v.id], copy)) for v in values if v.id in found}


async def compare_some(redis: Redis, rows: Rows, copy: Copy, *, delay_s: float, sample: int = SAMPLE) -> Compared:
    """Return what a bounded random sample of the pattern's keys says, looked at twice, `delay_s` seconds apart. Raises SystemProblem."""
    keys = await some_of(redis, copy.pattern, most=sample)
    result = Compared(copy, whole=len(keys) < sample)
    first = await look(redis, rows, copy, keys)
    await _settled(redis, rows, result, first, delay_s)
    return result


async def compare_all(redis: Redis, rows: Rows, copy: Copy, *, delay_s: float) -> Compared:
    """Return what all keys of the pattern say, within a budget of keys and seconds; `whole` says if it sufficed. Raises SystemProblem."""
    result, suspects, seen = Compared(copy), dict[bytes, Look](), set[bytes]()
    loop = asyncio.get_running_loop()
    until = loop.time() + WALK_S
    async for page in keys_of(redis, copy.pattern):
        fresh = [key for key in dict.fromkeys(page) if key not in seen]
        seen.update(fresh)
        found = await look(redis, rows, copy, fresh) if fresh else {}
        result.compared += len(found)
        suspects |= {key: one for key, one in found.items() if one.fields}
        if loop.time() > until or len(seen) >= MOST_KEYS or len(suspects) >= MOST_STALE:
            break
    else:
        result.whole = True
    counted = result.compared
    await _settled(redis, rows, result, suspects, delay_s)
    result.compared = counted
    return result


async def _settled(redis: Redis, rows: Rows, result: Compared, first: dict[bytes, Look], delay_s: float) -> None:
    """Look again at what differed: stale is what neither side has changed since, and what does not expire within the delay anyway."""
    suspects = {key: one for key, one in first.items() if one.fields}
    result.compared = len(first)
    if not suspects:
        return
    await asyncio.sleep(delay_s)
    for key, now in (await look(redis, rows, result.copy, list(suspects))).items():
        before = suspects[key]
        unchanged = (now.cached.raw, now.row) == (before.cached.raw, before.row)
        lasting = before.cached.ttl_ms < 0 or before.cached.ttl_ms > delay_s * 1000
        if unchanged and lasting and now.fields:
            result.stale[key] = now
    result.late = len(suspects) - len(result.stale)
