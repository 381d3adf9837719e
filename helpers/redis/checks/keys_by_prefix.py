"""Keys, memory and times to live by key prefix, from a random sample.

Prefixes are learned: ids, uuids, hashes and dates collapse to `{id}`. Shares come with their 95 % intervals.
"""

from __future__ import annotations

from helpers.redis.connect import Redis
from helpers.redis.keyspace import BUDGET_KEYS, BUDGET_S, PRECISION, Keyspace, sample, scan_all
from helpers.redis.tally import PrefixRow
from helpers.results import CheckResult, Status

__all__ = ["keys_by_prefix"]

MOST_ROWS = 50
EXACT_S = 80.0


async def keys_by_prefix(
    redis: Redis, *, exact: bool = False, budget_keys: int = BUDGET_KEYS, budget_s: float = BUDGET_S, precision: float = PRECISION
) -> CheckResult[PrefixRow]:
    """The prefixes with their share of keys and memory, the largest first.

    Args:
        redis: Read-only session.
        exact: Count every key instead of a sample; ends after 80 s with what was counted until then.
        budget_keys: Keys looked at, at most.
        budget_s: Seconds the sample may take.
        precision: Half-width of every share's 95 % interval that is good enough (0.02: 2 points).

    Returns:
        One row per prefix, at most 50; the method, the share counted and what is not allowed are in the facts. OK and empty without keys.

    Source: Redis manual, SCAN, MEMORY USAGE; docs/decisions/0004.
    """
    if exact:
        found = await scan_all(redis, budget_s=EXACT_S)
    else:
        found = await sample(redis, budget_keys=budget_keys, budget_s=budget_s, precision=precision)
    rows = found.tally.rows(found.total_keys) if found.tally.count else []
    return CheckResult(Status.OK, rows[:MOST_ROWS], _summary(found, rows), facts={**found.facts(), "prefixes": len(rows)})


def _summary(found: Keyspace, rows: list[PrefixRow]) -> str:
    if not rows:
        return "There are no keys."
    how = "all keys" if found.exact else f"{found.tally.count:,} random keys of {found.total_keys:,}"
    top = rows[0]
    share = f"{top.bytes_pct:.0f} % of the memory" if top.bytes_pct is not None else f"{top.keys_pct:.0f} % of the keys"
    return f"{top.prefix} holds {share}, {top.keys:,} keys, of which {top.without_ttl_pct:.0f} % never expire ({how})."
