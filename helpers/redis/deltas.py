"""Deltas, not totals: INFO, command and error statistics, and the slow log, read twice and subtracted.

Counters say nothing alone: they begin at the last restart or CONFIG RESETSTAT. A delta knows when one of these fell between its readings.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from helpers.errors import BadAnswer, Refused, SystemProblem
from helpers.redis.connect import Redis
from helpers.redis.replies import SlowCommand, Value, parse_fields, parse_info, parse_slowlog

__all__ = ["Commands", "Delta", "Reading", "read", "subtract", "watch"]

SECTIONS = ("server", "clients", "memory", "persistence", "stats", "replication", "keyspace", "commandstats", "errorstats")
ENTRIES = 128
WINDOW_S = 3.0


@dataclass(frozen=True, slots=True)
class Reading:
    """The counters at one moment (`at`, the client's monotonic seconds); `missing` names what the server does not tell, with the reason."""

    at: float
    info: Mapping[str, Value]
    slow: tuple[SlowCommand, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)

    def number(self, name: str) -> float:
        """Return a number of INFO; 0 when it is absent."""
        value = self.info.get(name, 0)
        return float(value) if isinstance(value, int | float) else 0.0

    def text(self, name: str) -> str:
        """Return a value of INFO as text; empty when it is absent."""
        return str(self.info.get(name, ""))

    def keys(self) -> tuple[int, int]:
        """Return how many keys there are in all databases, and how many of them expire."""
        found = [parse_fields(str(v)) for k, v in self.info.items() if k.startswith("db") and k[2:].isdigit()]
        return int(sum(f.get("keys", 0) for f in found)), int(sum(f.get("expires", 0) for f in found))


@dataclass(frozen=True, slots=True)
class Commands:
    """What one command did between two readings; `usec` of the server's time in all."""

    calls: float
    usec: float
    rejected_calls: float
    failed_calls: float


@dataclass(frozen=True, slots=True)
class Delta:
    """What happened between two readings.

    `counters` are INFO's own names; `commands` by lower-case name (`client|list`), `errors` by prefix (`OOM`), only those that moved;
    `slow` the slow log's new entries. `reset` says why the counters began anew in between (then they count from there), else empty.
    """

    before: Reading
    after: Reading
    seconds: float
    counters: Mapping[str, float]
    commands: Mapping[str, Commands]
    errors: Mapping[str, float]
    slow: tuple[SlowCommand, ...]
    reset: str = ""

    @property
    def missing(self) -> Mapping[str, str]:
        """What could not be read, with the reason."""
        return {**self.before.missing, **self.after.missing}

    def rate(self, name: str) -> float:
        """Return a counter's increase per second."""
        return self.counters.get(name, 0.0) / self.seconds if self.seconds > 0 else 0.0

    @property
    def hit_pct(self) -> float | None:
        """Share of lookups that found their key, in per cent; None without lookups."""
        hits, misses = self.counters.get("keyspace_hits", 0.0), self.counters.get("keyspace_misses", 0.0)
        return 100 * hits / (hits + misses) if hits + misses else None

    def facts(self) -> dict[str, Any]:
        """Return what matters as JSON values, for a diagnosis's facts."""
        names = ("evicted_keys", "expired_keys", "keyspace_hits", "keyspace_misses", "rejected_connections", "total_commands_processed")
        return {
            "watched_s": round(self.seconds, 1), "errors": dict(self.errors), "reset": self.reset, "not_allowed": dict(self.missing),
            **{name: self.counters.get(name, 0.0) for name in names},
        }  # fmt: skip


async def read(redis: Redis) -> Reading:
    """Return the counters now, this program's own lookups not among them; a section or log that the server refuses is in `missing`. Raises SystemProblem when INFO is refused whole."""
    questions: list[tuple[str, str | int]] = [*(("INFO", s) for s in SECTIONS), ("SLOWLOG GET", ENTRIES)]
    replies = await redis.ask_many(questions)
    info: dict[str, Value] = {}
    slow: tuple[SlowCommand, ...] = ()
    missing: dict[str, str] = {}
    for question, reply in zip(questions, replies, strict=True):
        name = f"{question[0]} {question[1]}" if question[0] == "INFO" else "SLOWLOG"
        if isinstance(reply, SystemProblem):
            missing[name] = reply.reason
        elif question[0] == "INFO":
            info |= parse_info(reply)
        else:
            slow = tuple(parse_slowlog(reply))
    if not info:
        first = next(reply for reply in replies if isinstance(reply, SystemProblem))
        raise first if isinstance(first, Refused | BadAnswer) else Refused("redis", "INFO tells nothing.")
    if isinstance(hits := info.get("keyspace_hits"), int | float):
        info["keyspace_hits"] = hits - redis.own_hits
    if isinstance(misses := info.get("keyspace_misses"), int | float):
        info["keyspace_misses"] = misses - redis.own_misses
    return Reading(time.monotonic(), info, slow, missing)


def subtract(before: Reading, after: Reading) -> Delta:
    """Return what happened in between; pure."""
    reset = _reset(before, after)
    base = Reading(before.at, {}) if reset else before
    counters = {k: after.number(k) - base.number(k) for k, v in after.info.items() if isinstance(v, int | float)}
    commands, errors = {}, {}
    for name, value in after.info.items():
        moved = _moved(base.info.get(name, ""), value) if name.startswith(("cmdstat_", "errorstat_")) else {}
        if name.startswith("cmdstat_") and any(moved.values()):
            columns = ("calls", "usec", "rejected_calls", "failed_calls")
            commands[name.removeprefix("cmdstat_").lower()] = Commands(*(moved.get(c, 0.0) for c in columns))
        elif moved.get("count"):
            errors[name.removeprefix("errorstat_")] = moved["count"]
    known = max((s.id for s in before.slow), default=-1) if before.text("run_id") == after.text("run_id") else -1
    slow = tuple(s for s in after.slow if s.id > known)
    return Delta(before, after, after.at - before.at, counters, commands, errors, slow, reset)


def _moved(before: Value, after: Value) -> dict[str, float]:
    old = parse_fields(str(before))
    return {name: value - old.get(name, 0.0) for name, value in parse_fields(str(after)).items()}


def _reset(before: Reading, after: Reading) -> str:
    """Return why the counters began anew. CONFIG RESETSTAT zeroes these two, which can only rise otherwise."""
    if before.text("run_id") != after.text("run_id"):
        return "the server was restarted"
    fell = any(after.number(n) < before.number(n) for n in ("total_commands_processed", "total_connections_received"))
    return "the statistics were reset" if fell else ""


async def watch(redis: Redis, *, window_s: float = WINDOW_S) -> Delta:
    """Return what happens in the next `window_s` seconds. Raises SystemProblem when INFO cannot be asked."""
    before = await read(redis)
    await asyncio.sleep(window_s)
    return subtract(before, await read(redis))
