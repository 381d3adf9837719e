"""What keeps a server from taking writes or from telling the truth, as it says itself: disk, replicas, link, loading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from helpers.errors import Refused
from helpers.redis.connect import Redis
from helpers.redis.replies import Value, parse_fields

__all__ = ["REFUSALS", "Condition", "last_save_failed", "refusals", "related_settings", "standing"]

# Error prefixes of commands refused for another reason than memory or rights (Redis source, server.h shared objects).
REFUSALS = ("LOADING", "MASTERDOWN", "READONLY", "MISCONF", "NOREPLICAS")

FORK_MS = 250.0  # a pause everybody feels; 10 to 20 ms per GB are usual (Redis manual, latency: fork time in different systems)
FORK_MS_PER_GB = 40.0

SETTINGS = ("stop-writes-on-bgsave-error", "save", "min-replicas-to-write", "replica-serve-stale-data", "dir", "dbfilename")


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that is wrong now.

    `code` is short (`save`, `aof`, `link`, `replicas`, `loading`, `fork`), `refuses` the error it makes, empty when none.
    """

    code: str
    refuses: str
    subject: str
    said: str


async def related_settings(redis: Redis) -> dict[str, str]:
    """Return the settings the conditions depend on; empty where CONFIG is closed."""
    try:
        return await redis.settings(*SETTINGS)
    except Refused:
        return {}


def refusals(info: Mapping[str, Value]) -> float:
    """Return how many commands were refused for these reasons since the server started; pure."""
    return sum(parse_fields(str(info.get(f"errorstat_{prefix}", ""))).get("count", 0.0) for prefix in REFUSALS)


def standing(info: Mapping[str, Value], settings: Mapping[str, str]) -> list[Condition]:
    """Return what stands now, the one that makes the others first; pure."""
    found = [_loading(info), _link(info, settings), _aof(info), _save(info, settings), _replicas(info, settings), _fork(info)]
    return [condition for condition in found if condition is not None]


def _loading(info: Mapping[str, Value]) -> Condition | None:
    if not info.get("loading"):
        return None
    left = info.get("loading_eta_seconds", "?")
    return Condition("loading", "LOADING", "LOADING: the data is being read back", f"The server reads its data back, {left} s are left.")


def _link(info: Mapping[str, Value], settings: Mapping[str, str]) -> Condition | None:
    if info.get("role") != "slave" or info.get("master_link_status", "up") == "up":
        return None
    primary, serves = f"{info.get('master_host')}:{info.get('master_port')}", settings.get("replica-serve-stale-data", "yes")
    since = info.get("master_link_down_since_seconds", -1)  # -1: it was never up
    down = f"The link to the primary {primary} " + ("was never up." if since == -1 else f"is down for {since} s.")
    down += " It is being synchronised." if info.get("master_sync_in_progress") else ""
    if serves == "no":
        return Condition("link", "MASTERDOWN", f"MASTERDOWN: the link to {primary} is down", f"{down} It serves nothing meanwhile.")
    return Condition("link", "MASTERDOWN", f"the link to {primary} is down", f"{down} What it serves is older than that.")


def _aof(info: Mapping[str, Value]) -> Condition | None:
    if info.get("aof_enabled") != 1 or info.get("aof_last_write_status", "ok") == "ok":
        return None
    return Condition(
        "aof", "MISCONF", "MISCONF: the append-only file cannot be written", "aof_last_write_status is err: the disk takes no more."
    )


def last_save_failed(info: Mapping[str, Value]) -> bool:
    """Whether the last background save failed, whatever follows from it."""
    return info.get("rdb_last_bgsave_status", "ok") != "ok"


def _save(info: Mapping[str, Value], settings: Mapping[str, str]) -> Condition | None:
    """A failed save refuses writes only with save points and stop-writes-on-bgsave-error, and never on a replica."""
    if not last_save_failed(info) or info.get("role") == "slave":
        return None
    if not settings.get("save", "unknown") or settings.get("stop-writes-on-bgsave-error", "yes") != "yes":
        return None
    unsaved = f"{info.get('rdb_changes_since_last_save', '?')} changes are on no disk."
    return Condition("save", "MISCONF", "MISCONF: the last background save failed", f"rdb_last_bgsave_status is err; {unsaved}")


def _replicas(info: Mapping[str, Value], settings: Mapping[str, str]) -> Condition | None:
    wanted, good = settings.get("min-replicas-to-write", "0"), info.get("min_slaves_good_slaves")
    if not isinstance(good, int) or not wanted.isdigit() or good >= int(wanted) or info.get("role") == "slave":
        return None
    there = f"{info.get('connected_slaves', 0)} are connected, {good} of them in touch; min-replicas-to-write is {wanted}."
    return Condition("replicas", "NOREPLICAS", f"NOREPLICAS: {good} of {wanted} replicas are in touch", f"Of the replicas {there}")


def _fork(info: Mapping[str, Value]) -> Condition | None:
    fork, used = info.get("latest_fork_usec", 0), info.get("used_memory", 0)
    fork_ms, used_gb = (
        (float(fork) / 1000, float(used) / (1 << 30)) if not isinstance(fork, str) and not isinstance(used, str) else (0.0, 0.0)
    )
    if fork_ms < max(FORK_MS, FORK_MS_PER_GB * used_gb):
        return None
    held = f"The last fork held every client up for {fork_ms:.0f} ms, with {used_gb:.1f} GB in use: every save does so again."
    return Condition("fork", "", "fork stalls", held)
