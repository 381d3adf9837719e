"""Whether a slow command has a reason to be slow: what is slow on a small key is the machine, not the command."""

from __future__ import annotations

from collections.abc import Sequence

from helpers.redis.deltas import Commands, Delta
from helpers.redis.key_size import KeySize
from helpers.redis.slow import SlowGroup, grouped
from helpers.results import Diagnosis, Status

__all__ = ["ALL_KEYS", "SLOW_MS", "held_pct", "plausible", "slow_first"]

SLOW_MS = 10.0  # Redis's own default of slowlog-log-slower-than
FEW = 1000  # elements or keys: walking fewer takes well below a millisecond (Redis manual, latency)
LARGE_BYTES = 1 << 20
FEWEST = 3  # slow calls of a script, whose work cannot be seen
MOSTLY = 0.8  # a machine that stalls makes others slow too
FIRST_PCT = 5.0  # above it one call in twenty waits: p95 is theirs

ALL_KEYS = frozenset({"KEYS", "SCAN"})
_SCRIPTS = frozenset({"EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO"})
_ALWAYS = frozenset({"DEBUG", "SAVE", "FLUSHALL", "FLUSHDB", "MIGRATE"})
_GONE = frozenset({"DEL", "RENAME", "GETDEL", "SPOP", "LTRIM", "ZREMRANGEBYSCORE", "ZREMRANGEBYRANK", "SORT", "LREM", "RESTORE"})


def held_pct(groups: Sequence[SlowGroup], delta: Delta) -> float:
    """Return the share of the time that was watched in which slow commands held the server, in per cent."""
    return sum(g.held_ms for g in groups) / 10 / delta.seconds


def plausible(groups: Sequence[SlowGroup], delta: Delta, size: KeySize | None) -> bool:
    """Whether the first group's command had much to do; `size` of its key, None where there is none by now or it is not known."""
    top = groups[0]
    if top.command in _ALWAYS or top.arguments >= FEW:
        return True
    if top.command in _SCRIPTS or "." in top.command:
        return top.calls >= FEWEST and top.held_ms >= MOSTLY * sum(g.held_ms for g in groups)
    if top.command in ALL_KEYS:
        return delta.after.keys()[0] >= FEW
    if size is None:
        return top.command in _GONE
    return size.elements >= FEW or (size.bytes or 0) >= LARGE_BYTES


def slow_first(delta: Delta) -> Diagnosis | None:
    """Return slow_command where slow commands hold so much that they come before anything about many quick ones, or None; pure.

    What a script calls inside counts as commands too, so a slow script looks like much traffic.
    """
    groups = grouped(delta.slow, slow_ms=SLOW_MS, own="")
    held, subject = held_pct(groups, delta), groups[0].subject if groups else ""
    if "SLOWLOG" in delta.missing:
        held, subject = max(
            ((c.usec / 1e4 / delta.seconds, name.upper()) for name, c in delta.commands.items() if _long(name, c)), default=(0.0, "")
        )
    elif held < FIRST_PCT or not plausible(groups, delta, None):
        return None
    if held < FIRST_PCT:
        return None
    said = f"Slow commands hold the server for {held:.0f} % of the time, most of it {subject}."
    return Diagnosis(Status.PROBLEM, "slow_command", subject, f"{said} That comes first.", because=[said], facts=delta.facts())


def _long(name: str, command: Commands) -> bool:
    """Whether the statistics alone show a script, or a walk over all keys, to be slow."""
    slow = command.calls > 0 and command.usec / command.calls >= SLOW_MS * 1000
    return slow and name.upper() in ALL_KEYS | _SCRIPTS
