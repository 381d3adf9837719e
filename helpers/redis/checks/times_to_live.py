"""When keys expire: the times to live of a random sample, by prefix.

Keys that expire together come back together: a spike here is the next burst of misses. PTTL does not touch a key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from helpers.redis.connect import Redis
from helpers.redis.keyspace import describe, random_keys
from helpers.redis.prefixes import learn
from helpers.redis.tally import KeyFacts
from helpers.results import CheckResult, Status

__all__ = ["EDGES_S", "TimesToLive", "buckets", "times_to_live"]

SAMPLE = 5000
MOST_PREFIXES = 8
EDGES_S = (0, 1, 10, 60, 300, 900, 3600, 6 * 3600, 86_400, 7 * 86_400, 30 * 86_400, float("inf"))


@dataclass(frozen=True, slots=True)
class TimesToLive:
    """How many sampled keys of a prefix have from `from_s` up to `to_s` seconds left; both are None for keys without expiry."""

    prefix: str
    from_s: float | None
    to_s: float | None
    keys: int


async def times_to_live(redis: Redis, *, sample: int = SAMPLE) -> CheckResult[TimesToLive]:
    """The remaining times to live in rough steps, the prefix with most keys first.

    Args:
        redis: Read-only session.
        sample: Keys drawn at random, at most.

    Returns:
        OK with one row per prefix and step that has keys, at most 8 prefixes and `(others)`; empty without keys.

    Raises:
        SystemProblem: no key can be drawn.

    Source: Redis manual, PTTL.
    """
    facts = await describe(redis, await random_keys(redis, sample), {"MEMORY USAGE", "OBJECT IDLETIME"})
    rows = buckets(facts)
    never = sum(f.ttl_ms < 0 for f in facts)
    text = f"{100 * never / len(facts):.0f} % of {len(facts):,} sampled keys never expire." if facts else "There are no keys."
    return CheckResult(Status.OK, rows, text, facts={"sampled": len(facts), "without_ttl": never})


def buckets(keys: Sequence[KeyFacts]) -> list[TimesToLive]:
    """Return the keys counted by prefix and step; pure."""
    names = learn(Counter(k.shape for k in keys))
    counts = Counter(names[k.shape] for k in keys)
    kept = [name for name, _ in counts.most_common(MOST_PREFIXES)]
    steps = list(pairwise(EDGES_S))
    found: Counter[tuple[str, int]] = Counter()
    for key in keys:
        prefix = names[key.shape] if names[key.shape] in kept else "(others)"
        found[prefix, -1 if key.ttl_ms < 0 else next(i for i, (_, to) in enumerate(steps) if key.ttl_ms / 1000 < to)] += 1
    order = sorted(found, key=lambda k: (kept.index(k[0]) if k[0] in kept else MOST_PREFIXES, k[1]))
    return [TimesToLive(p, steps[i][0] if i >= 0 else None, steps[i][1] if i >= 0 else None, found[p, i]) for p, i in order]
