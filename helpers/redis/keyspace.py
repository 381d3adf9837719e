"""The keyspace by prefix: a random sample within a budget, or all keys on request.

Random keys come from SCAN at random cursors (decision 0004): a page is a run of hash buckets, and a key's bucket has nothing to do with
its name, so pages are random keys at a hundredth of RANDOMKEY's round trips. A cluster node and a service with cursors of its own
are sampled by RANDOMKEY. TYPE, PTTL, MEMORY USAGE and OBJECT IDLETIME do not touch a key: what is evicted next stays the same.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from helpers.errors import BadAnswer, Refused, SystemProblem
from helpers.redis.connect import Redis
from helpers.redis.prefixes import shape
from helpers.redis.tally import KeyFacts, Tally

__all__ = ["Keyspace", "describe", "random_keys", "sample", "scan_all", "weigh"]

BUDGET_KEYS = 20_000
BUDGET_S = 5.0
PRECISION = 0.02
PAGE = 100
PAGES = 8  # asked for together; the server serves others between two
PAUSE_S = 0.002
GENTLY = 25  # keys asked about together: a hundred short questions, so that others wait about a tenth of a millisecond for them
FEWEST = 500
EXPLAINED = 0.6  # MEMORY USAGE leaves out the allocator's own share of the dataset
WEIGH_S = 20.0

_QUESTIONS = ("TYPE", "PTTL", "MEMORY USAGE", "OBJECT IDLETIME")


@dataclass
class Keyspace:
    """What was counted: `total_keys` is DBSIZE, `method` how keys were drawn, `blind` the questions the server refuses."""

    total_keys: int
    method: str
    tally: Tally = field(default_factory=Tally)
    blind: set[str] = field(default_factory=set)
    cursor: int = 0
    took_s: float = 0.0

    @property
    def exact(self) -> bool:
        """Whether every key was counted."""
        return self.tally.exact

    def facts(self) -> dict[str, Any]:
        """Return the method as JSON values, for a check's facts."""
        share = 100 * self.tally.count / self.total_keys if self.total_keys else 100.0
        return {
            "total_keys": self.total_keys, "counted_keys": self.tally.count, "counted_pct": round(min(share, 100.0), 2), "exact": self.exact,
            "method": self.method, "precision_pct": round(100 * self.tally.precision(), 2), "took_s": round(self.took_s, 2),
            "not_allowed": sorted(self.blind),
        }  # fmt: skip


async def sample(redis: Redis, *, budget_keys: int = BUDGET_KEYS, budget_s: float = BUDGET_S, precision: float = PRECISION) -> Keyspace:
    """Return the keyspace as a random sample shows it; exact when there are no more keys than the budget.

    Args:
        redis: Read-only session.
        budget_keys: Keys looked at, at most.
        budget_s: Seconds it may take; checked after each page.
        precision: Stop as soon as the half-width of every share's 95 % interval is below this (0.02: 2 points).

    Raises:
        SystemProblem: SCAN and RANDOMKEY are refused, or the server does not answer.

    """
    started = time.monotonic()
    total = int(await redis.ask("DBSIZE"))
    if total <= budget_keys:
        found = await scan_all(redis, budget_s=budget_s)
        if found.exact:
            return found
    draw, method = await _drawing(redis)
    found = Keyspace(total, method)
    check_at = FEWEST
    while found.tally.count < budget_keys and time.monotonic() - started < budget_s:
        drawn = await draw()
        for at in range(0, len(drawn), GENTLY):
            for one in await describe(redis, drawn[at : at + GENTLY], found.blind):
                found.tally.add(one)
        if found.tally.count >= check_at:
            if found.tally.precision() <= precision:
                break
            check_at *= 2
        await asyncio.sleep(PAUSE_S)
    found.took_s = time.monotonic() - started
    return found


async def scan_all(
    redis: Redis, *, budget_s: float = float("inf"), resume: Keyspace | None = None, tell: Callable[[str], None] = lambda _: None
) -> Keyspace:
    """Return the keyspace counted key by key; `exact` is False when the budget ended before the keys did: give it back as `resume`.

    Args:
        redis: Read-only session.
        budget_s: Seconds it may take.
        resume: What an earlier call returned.
        tell: Told how far it is.

    A key is counted once or, if the table is resized meanwhile, sometimes twice; one made meanwhile may be missed (SCAN's guarantees).
    """
    started = time.monotonic()
    found = resume or Keyspace(int(await redis.ask("DBSIZE")), "SCAN of all keys")
    while not found.exact and time.monotonic() - started < budget_s:
        cursor, keys = await redis.ask("SCAN", found.cursor, "COUNT", 500)
        for one in await describe(redis, keys, found.blind):
            found.tally.add(one)
        found.cursor = int(cursor)
        found.tally.exact = found.cursor == 0
        tell(f"{found.tally.count:,} of about {found.total_keys:,} keys")
        await asyncio.sleep(0)
    found.took_s += time.monotonic() - started
    return found


async def weigh(redis: Redis, dataset_bytes: float) -> Keyspace:
    """Return a sample whose bytes explain the memory; where they do not, a few large keys hold it, and all keys are counted (up to 20 s).

    Args:
        redis: Read-only session.
        dataset_bytes: INFO's used_memory_dataset; 0 when it is not known.

    """
    found = await sample(redis)
    if found.exact or not found.tally.count or not found.tally.knows_bytes:
        return found
    estimated = sum(row.bytes or 0 for row in found.tally.rows(found.total_keys))
    if estimated >= EXPLAINED * dataset_bytes:
        return found
    everything = await scan_all(redis, budget_s=WEIGH_S)
    return everything if everything.exact else found


async def random_keys(redis: Redis, count: int) -> list[bytes]:
    """Return about `count` keys drawn at random, without doubles; fewer where there are fewer."""
    draw, _ = await _drawing(redis)
    found: dict[bytes, None] = {}
    for _ in range(2 * count // PAGE + 8):
        found |= dict.fromkeys(await draw())
        if len(found) >= count:
            break
    return list(found)[:count]


async def _drawing(redis: Redis) -> tuple[Callable[[], Any], str]:
    """Return how keys are drawn from this server, and its name."""

    async def by_scan() -> list[bytes]:
        pages = await redis.ask_many([("SCAN", secrets.randbits(48), "COUNT", PAGE) for _ in range(PAGES)])
        return [key for page in pages if not isinstance(page, SystemProblem) for key in page[1]]

    async def by_randomkey() -> list[bytes]:
        keys = await redis.ask_many([("RANDOMKEY",)] * PAGE)
        return [key for key in keys if isinstance(key, bytes)]

    try:
        facts = await redis.info("server")
    except (Refused, BadAnswer):
        facts = {}
    known = "redis_version" in facts and facts.get("redis_mode") != "cluster"
    if known and await by_scan():
        return by_scan, f"SCAN at random cursors, COUNT {PAGE}"
    return by_randomkey, "RANDOMKEY"


async def describe(redis: Redis, keys: Sequence[bytes], blind: set[str]) -> list[KeyFacts]:
    """Return the facts of each key that is still there; what the server refuses is put into `blind` and not asked again."""
    redis.keys_scanned += len(keys)
    asked = [q for q in _QUESTIONS if q not in blind]
    rows = await redis.ask_each(asked, keys, timeout_s=10.0)
    said = dict(zip(asked, zip(*rows, strict=True), strict=bool(rows)))
    blind |= {q for q, column in said.items() if any(isinstance(reply, Refused | BadAnswer) for reply in column)}
    columns = [said.get(q) or [None] * len(keys) for q in _QUESTIONS]
    return [
        KeyFacts(key, shape(key), kind.decode() if isinstance(kind, bytes) else "unknown", _number(ttl) or 0, _number(size), _number(idle))
        for key, kind, ttl, size, idle in zip(keys, *columns, strict=True)
        if kind != b"none" and ttl != -2
    ]


def _number(reply: Any) -> int | None:
    return reply if isinstance(reply, int) else None
