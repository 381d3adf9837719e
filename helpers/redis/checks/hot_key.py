"""Which one key takes most of the traffic, and how much of it.

A key lives on one node and is served by one thread, so more nodes do not help. Told apart: much traffic over many keys, slow commands, and
a share that cannot be measured on this server without harm (then it says so, and how to measure it).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.redis.burden import SLOW_MS, held_pct, slow_first
from helpers.redis.connect import Redis
from helpers.redis.families import family_calls, keyed_calls, read_calls
from helpers.redis.heat import Heat, measure
from helpers.redis.keys import has_token, key_text
from helpers.redis.lfu import SATURATED, Rise
from helpers.redis.neighbours import blind, neighbour
from helpers.redis.prefixes import shape
from helpers.redis.slow import grouped
from helpers.results import Diagnosis, Status

__all__ = ["Share", "hot_key", "judge"]

WATCH_S = 5.0
HOT_PCT = 50.0  # "most of the traffic": no other split of the keys over nodes would relieve the node that has it
BUSY_PER_S = 10_000.0  # a tenth of what one thread serves without pipelining (Redis manual, "Redis benchmark")
FLEETING = 0.01  # calls on keys that are gone by now cannot be told
SLOW_PCT = 5.0
MOSTLY_HIT_PCT = 90.0

REMEDY = (
    "On Redis 8.6 and newer HOTKEYS START METRICS 1 CPU COUNT 10 DURATION 10, then HOTKEYS GET, measures it; on older ones a replica may get an LFU "
    "policy and be asked with redis-cli --hotkeys; or count in the application."
)


@dataclass(frozen=True, slots=True)
class Share:
    """A key's share of the traffic in per cent, with its bounds, and how it was measured."""

    key: bytes
    low: float
    pct: float
    high: float
    how: str


async def hot_key(redis: Redis, *, hot_pct: float = HOT_PCT, busy_per_s: float = BUSY_PER_S, watch_s: float = WATCH_S) -> Diagnosis:
    """The key that takes most of the traffic, with its measured share.

    Args:
        redis: Read-only session.
        hot_pct: Share of the calls, in per cent, from which a key is hot.
        busy_per_s: Calls per second from which it matters.
        watch_s: Seconds the keys and the statistics are watched.

    Returns:
        PROBLEM with code hot_key and the key as subject, or another code when the counters show another failure mode; OK when there is
        little traffic or no key has most of it; UNKNOWN when the share cannot be measured.

    Source: Redis manual, key eviction ("The new LFU mode"), OBJECT FREQ, OBJECT IDLETIME, INFO commandstats.
    """
    return judge(await measure(redis, watch_s=watch_s, least_per_s=busy_per_s / 2), hot_pct=hot_pct, busy_per_s=busy_per_s)


def judge(heat: Heat, *, hot_pct: float = HOT_PCT, busy_per_s: float = BUSY_PER_S) -> Diagnosis:
    """Return what the keys and the statistics add up to; pure."""
    delta = heat.delta
    per_s = keyed_calls(delta) / delta.seconds
    share = None if heat.reason or per_s < busy_per_s else _by_counter(heat) if heat.counts else _by_family(heat)
    slow = slow_first(delta)
    if share and share.low >= hot_pct and not slow and not blind(delta, "stats"):
        return _named(heat, share, per_s)
    other = blind(delta, "stats") or slow or neighbour(delta, own="hot_key")
    if other:
        return other
    if delta.missing.get("INFO commandstats"):
        return Diagnosis(Status.UNKNOWN, summary=f"INFO commandstats cannot be read: {delta.missing['INFO commandstats']}.")
    if per_s < busy_per_s:
        return Diagnosis(
            Status.OK, summary=f"{per_s:,.0f} calls a second touch a key: too few for a hot one to matter ({busy_per_s:,.0f})."
        )
    if share and heat.counts and share.high < hot_pct:
        said = f"The busiest key, {key_text(share.key)}, has at most {share.high:.0f} % of {per_s:,.0f} calls a second."
        return Diagnosis(Status.OK, summary=said, facts=delta.facts())
    return _unknown(heat, share, per_s)


def _unknown(heat: Heat, share: Share | None, per_s: float) -> Diagnosis:
    why = heat.reason or (
        f"{key_text(share.key)} has {share.low:.0f} … {share.high:.0f} % of it: watch longer" if share
        else f"several keys of each type were touched, and under {heat.policy or 'this policy'} the server does not count how often"
    )  # fmt: skip
    return Diagnosis(
        Status.UNKNOWN,
        summary=f"{per_s:,.0f} calls a second touch a key. Whether one key has most of them cannot be told: {why}. {REMEDY}",
        facts=heat.delta.facts(),
    )


def _by_counter(heat: Heat) -> Share | None:
    """Return the busiest key's share: all lookups but those that the other keys' counters account for; None where they tell nothing."""
    total, rises = _lookups(heat), heat.rises
    if not rises or total <= 0:
        return None
    hits, variance = sum(r.hits for r in rises.values()), sum(r.variance for r in rises.values())
    low_spread = 2 * variance**0.5
    highs = {key: min(_most(r), total - max(hits - r.hits - low_spread, 0.0)) for key, r in rises.items()}
    key = max(highs, key=lambda k: (highs[k], rises[k].hits))
    top, others = rises[key], [r for k, r in rises.items() if k != key]
    pct = 100 * (1 - (hits - top.hits) / total)
    low = 100 * (1 - (hits - top.hits + 2 * sum(r.variance for r in others) ** 0.5 + _unseen(others)) / total)
    high = 100 * min(highs[key] / total, 1.0)
    how = f"its LFU counter rose to {top.counter}, about {top.hits:,.0f} accesses; the counters of all other keys account for about {hits - top.hits:,.0f}"
    return Share(key, max(min(low, high), 0.0), max(min(pct, high), 0.0), high, how)


def _most(rise: Rise) -> float:
    """Return the most accesses that go with a counter's rise (95 %); one at its end does not tell."""
    return float("inf") if rise.counter >= SATURATED else rise.hits + 2 * rise.variance**0.5 + 3 * rise.step


def _unseen(others: Sequence[Rise]) -> float:
    """Return the most accesses to the others that no counter shows (rule of three: no step seen, up to three might have come)."""
    if any(r.counter >= SATURATED for r in others):
        return float("inf")
    return 3 * max((r.step for r in others), default=0.0)


def _lookups(heat: Heat) -> float:
    """Return how many calls found a key, between two looks at one."""
    delta = heat.delta
    return max(keyed_calls(delta) - delta.counters.get("keyspace_misses", 0.0), 0.0) / delta.seconds * heat.exposed_s


def _by_family(heat: Heat) -> Share | None:
    """Return the share of the one touched key of its type: all the type's commands went there. None where no type has but one."""
    delta, total = heat.delta, keyed_calls(heat.delta)
    gone = sum(delta.counters.get(n, 0.0) for n in ("expired_keys", "evicted_keys"))
    gone += sum(c.calls for n, c in delta.commands.items() if n in ("del", "unlink", "getdel", "rename", "move") or "pop" in n)
    missed = delta.counters.get("keyspace_misses", 0.0)
    found = []
    for kind, keys in heat.touched.items():
        calls = family_calls(delta, kind)
        if len(keys) == 1 and gone <= FLEETING * calls:
            low = 100 * max(calls - missed - gone, 0.0) / total
            how = f"it was the only {kind} touched, and {calls:,.0f} of {total:,.0f} calls were commands for a {kind}"
            found.append(Share(keys[0], low, 100 * calls / total, 100 * calls / total, how))
    return max(found, key=lambda s: s.low, default=None)


def _named(heat: Heat, share: Share, per_s: float) -> Diagnosis:
    delta, shown = heat.delta, key_text(share.key)
    busiest = sorted(delta.commands.items(), key=lambda x: -x[1].calls)[:3]
    because = [
        f"{shown} takes {share.pct:.0f} % of {per_s:,.0f} calls a second (at least {share.low:.0f} %): {share.how}.",
        f"The most frequent commands are {', '.join(f'{n.upper()} ({c.calls / delta.seconds:,.0f}/s)' for n, c in busiest)}.",
    ]
    slow = held_pct(grouped(delta.slow, slow_ms=SLOW_MS, own=""), delta)
    other = neighbour(delta, own="hot_key")
    said = [f"Slow commands hold {slow:.0f} % of the time: run slow_command too."] if slow > SLOW_PCT else []
    if delta.hit_pct is not None and delta.hit_pct < MOSTLY_HIT_PCT:
        said.append(f"{100 - delta.hit_pct:.0f} % of lookups miss: if they come in bursts, run cache_stampede too.")
    against = [*said, *([other.summary] if other else [])]
    target = {
        "key": shown if not has_token(share.key) else shape(share.key), "share_pct": round(share.pct), "per_s": round(per_s * share.pct / 100),
        "writes_pct": round(100 * (1 - read_calls(delta) / max(keyed_calls(delta), 1.0))),
    }  # fmt: skip
    return Diagnosis(
        Status.PROBLEM, "hot_key", shown,
        f"One key, {shown}, takes {share.pct:.0f} % of {per_s:,.0f} calls a second; its node has to serve them all.",
        target, because, against, delta.facts(), "cache_hot_key",
    )  # fmt: skip
