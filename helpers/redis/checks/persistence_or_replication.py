"""Why the server refuses writes for another reason than memory, or serves stale data: the condition, by its own words.

Told apart: a save that failed, an append-only file that cannot be written, a replica that is written to, replicas that are missing, a
link that is down, data that is being read back, and saves that hold everybody up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from helpers.redis.conditions import REFUSALS, Condition, last_save_failed, related_settings, standing
from helpers.redis.connect import Redis
from helpers.redis.deltas import Delta, read, subtract
from helpers.redis.neighbours import blind, neighbour
from helpers.results import Diagnosis, Status

__all__ = ["judge", "persistence_or_replication"]

WATCH_S = 4.0
OWN = "persistence_or_replication"


async def persistence_or_replication(redis: Redis, *, watch_s: float = WATCH_S, stop_gap: bool = False) -> Diagnosis:
    """The condition of persistence or replication that users feel.

    Args:
        redis: Read-only session.
        watch_s: Seconds the counters are watched.
        stop_gap: Whether a fix may give up some safety so that writes go on.

    Returns:
        PROBLEM with code persistence_or_replication and the condition as subject; PROBLEM with another code when something else is at
        work; OK when the server reports nothing wrong; UNKNOWN when INFO is closed, or refusals have no condition that explains them.

    Source: Redis manual, persistence, replication, INFO; Redis source, server.c writeCommandsDeniedByDiskError.
    """
    before = await read(redis)
    await asyncio.sleep(watch_s)
    delta = subtract(before, await read(redis))
    return judge(delta, await related_settings(redis), stop_gap=stop_gap)


def judge(delta: Delta, settings: Mapping[str, str], *, stop_gap: bool) -> Diagnosis:
    """Return what the counters and the server's flags add up to; pure."""
    info = delta.after.info
    dark = blind(delta, "stats")
    if dark:
        return dark
    if "role" not in info and "rdb_last_bgsave_status" not in info:
        return Diagnosis(Status.UNKNOWN, summary="The service tells nothing of its persistence and replication: ask its console.")
    conditions = standing(info, settings)
    refused = {p: delta.errors[p] for p in REFUSALS if delta.errors.get(p, 0) > 0}
    if refused:
        return _refusing(delta, conditions, refused, settings, stop_gap)
    if conditions and conditions[0].code != "fork":
        return _named(delta, conditions[0], conditions, settings, stop_gap)
    other = neighbour(delta, own=OWN)  # a long fork is no reason for what others do
    if other or not conditions:
        return other or _quiet(delta)
    return _named(delta, conditions[0], conditions, settings, stop_gap)


def _refusing(
    delta: Delta, conditions: Sequence[Condition], refused: Mapping[str, float], settings: Mapping[str, str], stop_gap: bool
) -> Diagnosis:
    """Name the condition that explains most refusals."""
    prefix = max(refused, key=lambda p: refused[p])
    info = delta.after.info
    fitting = next((c for c in conditions if c.refuses == prefix), None)
    if prefix == "READONLY" and info.get("role") == "slave":
        primary = f"{info.get('master_host')}:{info.get('master_port')}"
        fitting = Condition(
            "readonly", prefix, f"READONLY: a replica of {primary} is written to", f"This server is a replica of {primary}."
        )
    if fitting is None:
        said = ", ".join(f"{n:.0f} with {p}" for p, n in refused.items())
        return Diagnosis(Status.UNKNOWN, summary=f"Commands were refused ({said}), and nothing the server says by now explains it.")
    return _named(delta, fitting, conditions, settings, stop_gap)


def _named(delta: Delta, found: Condition, conditions: Sequence[Condition], settings: Mapping[str, str], stop_gap: bool) -> Diagnosis:
    counts = [f"{delta.errors[p]:.0f} commands were refused with {p} in {delta.seconds:.1f} s." for p in REFUSALS if p in delta.errors]
    others = [c.said for c in conditions if c.code != found.code]
    if found.code == "save":
        others.append(f"It saves to {settings.get('dbfilename', '?')} in {settings.get('dir', 'a folder it does not tell')}.")
    fix, target = _remedy(found, delta.after.info, settings, stop_gap)
    summary = f"{found.said} {counts[0] if counts else 'Nothing was refused while it was watched.'}"
    facts = {**delta.facts(), "settings": dict(settings)}
    return Diagnosis(Status.PROBLEM, OWN, found.subject, summary, target, [found.said, *counts, *others], (), facts, fix)


def _remedy(found: Condition, info: Mapping[str, Any], settings: Mapping[str, str], stop_gap: bool) -> tuple[str, dict[str, Any]]:
    """Return the fix: a save tried again is safe; what gives up safety only where it was asked for; all else is a person's."""
    if found.code == "save":
        return ("set_stop_writes_on_bgsave_error", {"to": "no"}) if stop_gap else ("retry_save", {})
    if found.code == "replicas" and stop_gap:
        return "set_min_replicas_to_write", {"to": int(info.get("min_slaves_good_slaves", 0))}
    primary = f"{info.get('master_host', '')}:{info.get('master_port', '')}" if info.get("role") == "slave" else ""
    return "repair_condition", {"condition": found.code, "primary": primary, "folder": settings.get("dir", "")}


def _quiet(delta: Delta) -> Diagnosis:
    info = delta.after.info
    if last_save_failed(info):
        said = "The last background save failed. Writes are taken all the same (stop-writes-on-bgsave-error is no, or there are no save points)."
        return Diagnosis(Status.PROBLEM, OWN, "the last background save failed", said, {}, [said], (), delta.facts(), "retry_save")
    return Diagnosis(Status.OK, summary="Saves succeed, nothing is refused, and replication reports nothing wrong.")
