"""What else may be wrong with a Redis, told by its counters alone: every diagnosis asks this before it names its own cause.

In this order: writes refused for another reason than memory, client buffers that hold most of the memory, writes refused for memory,
keys evicted, clients refused. The first that moved is the root, since it makes the others: a full memory evicts, what is evicted is missed.
"""

from __future__ import annotations

from collections.abc import Mapping

from helpers.redis.deltas import Delta
from helpers.results import Diagnosis, Status

__all__ = ["blind", "neighbour"]

# Error prefixes of refused commands (Redis source, server.h shared objects), and whose failure mode they are.
_REFUSALS = {
    "MISCONF": "persistence_or_replication",
    "READONLY": "persistence_or_replication",
    "NOREPLICAS": "persistence_or_replication",
    "MASTERDOWN": "persistence_or_replication",
    "LOADING": "persistence_or_replication",
    "OOM": "memory_full",
}
MOSTLY_CLIENTS = 0.5  # of the memory in use: whatever is pushed out, the keys are not what fills it


def neighbour(delta: Delta, *, own: str) -> Diagnosis | None:
    """Return another failure mode that the counters show at work and that comes before `own`, or None; pure.

    Args:
        delta: What happened while it was watched.
        own: The failure mode that asks; those that come after it are its consequences, and not named.

    """
    found = _at_work(delta.errors, delta)
    ranks = [code for code, _, _ in found]
    if own in ranks:
        found = found[: ranks.index(own)]
    if not found:
        return None
    code, subject, said = found[0]
    return Diagnosis(Status.PROBLEM, code, subject, f"{said} That comes first.", because=[said], facts=delta.facts())


def _at_work(errors: Mapping[str, float], delta: Delta) -> list[tuple[str, str, str]]:
    found = []
    evicted, held = delta.counters.get("evicted_keys", 0.0), delta.after.number("mem_clients_normal")
    crowded = held > MOSTLY_CLIENTS * delta.after.number("used_memory") > 0 and (evicted > 0 or errors.get("OOM", 0) > 0)
    for prefix, code in _REFUSALS.items():
        if prefix == "OOM" and crowded:
            found.append(("client_exhaustion", "client buffers", f"The buffers of clients hold {held:,.0f} bytes, most of the memory."))
        if errors.get(prefix, 0) > 0:
            found.append((code, prefix, f"{errors[prefix]:.0f} commands were refused with {prefix} in {delta.seconds:.1f} s."))
    if evicted > 0:
        found.append(("eviction_churn", "evicted_keys", f"{evicted:.0f} keys were evicted in {delta.seconds:.1f} s."))
    rejected = delta.counters.get("rejected_connections", 0.0)
    if rejected > 0:
        found.append(("client_exhaustion", "rejected_connections", f"{rejected:.0f} connections were rejected in {delta.seconds:.1f} s."))
    return found


def blind(delta: Delta, *sections: str) -> Diagnosis | None:
    """Return UNKNOWN when one of the INFO sections a diagnosis rests on could not be read, or None; pure."""
    for section in sections:
        reason = delta.missing.get(f"INFO {section}") or ("" if _seen(delta, section) else "the service leaves it out")
        if reason:
            return Diagnosis(Status.UNKNOWN, summary=f"INFO {section} cannot be read: {reason}. See helpers/redis/reader_acl.txt.")
    return None


# A section that is there and has nothing to tell is empty (no error yet), so only these can be missed.
_SIGNS = {"memory": "used_memory", "stats": "total_commands_processed", "server": "redis_version"}


def _seen(delta: Delta, section: str) -> bool:
    return section not in _SIGNS or _SIGNS[section] in delta.after.info
