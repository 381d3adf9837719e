"""Why the server refuses writes for lack of memory: which prefix holds it, and under which policy.

Told apart: writes refused because of a disk or a replica, clients whose buffers hold the memory, and a server that evicts instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from helpers.redis.connect import Redis
from helpers.redis.deltas import Delta, read, subtract
from helpers.redis.keyspace import weigh
from helpers.redis.neighbours import blind, neighbour
from helpers.redis.tally import PrefixRow
from helpers.results import Diagnosis, Status

__all__ = ["judge", "memory_full"]

WATCH_S = 4.0
FULL = 0.99  # the server refuses while used_memory is above the limit; it sinks a little when clients give up (FAULTS 6.12)
MOSTLY_CLIENTS = 0.5
HEADROOM = 1.25
MIB = 1 << 20


async def memory_full(redis: Redis, *, watch_s: float = WATCH_S) -> Diagnosis:
    """The prefix that fills the memory, and the policy under which writes are refused.

    Args:
        redis: Read-only session.
        watch_s: Seconds the counters are watched.

    Returns:
        PROBLEM with code memory_full and subject `PREFIX under POLICY`; PROBLEM with another code when writes are refused for another
        reason, clients hold the memory, or keys are evicted; OK when there is room or no limit; UNKNOWN when INFO is closed.

    Source: Redis manual, key eviction; INFO memory, errorstats.
    """
    before = await read(redis)
    found = await weigh(redis, before.number("used_memory_dataset"))
    await asyncio.sleep(watch_s)
    delta = subtract(before, await read(redis))
    return judge(delta, found.tally.rows(found.total_keys) if found.tally.count else [])


def judge(delta: Delta, rows: Sequence[PrefixRow]) -> Diagnosis:
    """Return what the counters and the prefixes add up to; pure."""
    other = blind(delta, "memory", "stats") or neighbour(delta, own="memory_full")
    if other:
        return other
    used, limit, policy = delta.after.number("used_memory"), delta.after.number("maxmemory"), delta.after.text("maxmemory_policy")
    refused = delta.errors.get("OOM", 0.0)
    if not limit:
        return Diagnosis(Status.OK, summary="The server has no memory limit (maxmemory 0).")
    if not refused and (used < FULL * limit or _can_evict(delta)):
        return Diagnosis(Status.OK, summary=f"{100 * used / limit:.0f} % of maxmemory is in use, and no write was refused for lack of it.")
    clients = delta.after.number("mem_clients_normal")
    if clients > MOSTLY_CLIENTS * used:
        return Diagnosis(
            Status.PROBLEM,
            "client_exhaustion",
            "client buffers",
            f"The buffers of clients hold {100 * clients / used:.0f} % of the memory.",
        )
    if not rows:
        return Diagnosis(Status.UNKNOWN, summary="Writes are refused for lack of memory, and there are no keys: something else holds it.")
    return _named(delta, rows, refused, policy)


def _can_evict(delta: Delta) -> bool:
    """Whether the policy has anything to evict: volatile-… without a key that expires is noeviction."""
    policy, (_, expires) = delta.after.text("maxmemory_policy"), delta.after.keys()
    return policy.startswith("allkeys") or (policy.startswith("volatile") and expires > 0)


def _named(delta: Delta, rows: Sequence[PrefixRow], refused: float, policy: str) -> Diagnosis:
    top, used, limit = rows[0], delta.after.number("used_memory"), delta.after.number("maxmemory")
    share = f"{top.bytes_pct:.0f} %" if top.bytes_pct is not None else f"an unknown share, but {top.keys_pct:.0f} % of the keys"
    _, expires = delta.after.keys()
    because = [
        f"{refused:.0f} writes were refused with OOM in {delta.seconds:.1f} s.",
        f"used_memory is {used / MIB:,.1f} MiB, maxmemory {limit / MIB:,.1f} MiB.",
        f"{top.prefix} holds {share} of the memory of all keys ({top.keys:,} keys, {top.without_ttl_pct:.0f} % without an expiry).",
        f"Under {policy} nothing can be evicted."
        if not _can_evict(delta)
        else f"{policy} cannot evict fast enough: {expires:,} keys expire.",
    ]
    against = [f"{r.prefix} holds {r.bytes_pct:.0f} %." for r in rows[1:3] if r.bytes_pct and r.bytes_pct * 2 > (top.bytes_pct or 0)]
    fix, target = _remedy(top, policy, used, limit)
    return Diagnosis(
        Status.PROBLEM, "memory_full", f"{top.prefix} under {policy}",
        f"The memory is full and writes are refused: {top.prefix} holds {share} of it, under {policy}.",
        target, because, against, delta.facts(), fix,
    )  # fmt: skip


def _remedy(top: PrefixRow, policy: str, used: float, limit: float) -> tuple[str, dict[str, Any]]:
    """Return the smallest fix: eviction where nearly all that holds the memory would expire anyway, else a higher limit."""
    if policy == "noeviction" and top.without_ttl_pct_ci[1] <= 5 and (top.bytes_pct or 0) >= 50:
        return "set_maxmemory_policy", {"policy": "volatile-lru"}
    to_bytes = -(-max(HEADROOM * limit, HEADROOM * used) // MIB) * MIB
    return "set_maxmemory", {"to_bytes": int(to_bytes)}
