"""Which slow command holds the server, on which key, and who sends it.

Redis runs one command at a time: while one walks a big key or all keys, everybody waits. Told apart: a process that is held by its
machine (quick commands on small keys are slow too), a fork, and many quick commands on one key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.errors import Refused
from helpers.redis.burden import ALL_KEYS, SLOW_MS, held_pct, plausible
from helpers.redis.connect import Redis
from helpers.redis.deltas import Delta, read, subtract
from helpers.redis.key_size import KeySize, key_size
from helpers.redis.keys import has_token
from helpers.redis.makers import Maker, makers, watch_clients
from helpers.redis.neighbours import blind, neighbour
from helpers.redis.prefixes import belongs
from helpers.redis.slow import SlowGroup, grouped, settings_blind
from helpers.results import Diagnosis, Status

__all__ = ["Seen", "judge", "slow_command"]

WATCH_S = 4.0
ALLOWED_PCT = 1.0  # a command that comes at any moment waits with this probability: above it, p99 is theirs
FORK_MS = 100.0


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts: the counters, the groups of slow commands, the size of the first group's key, who sends it, and why the log is blind."""

    delta: Delta
    groups: Sequence[SlowGroup]
    size: KeySize | None = None
    makers: Sequence[Maker] = ()
    blind: str = ""


async def slow_command(
    redis: Redis, *, slow_ms: float = SLOW_MS, allowed_pct: float = ALLOWED_PCT, disposable: str = "", watch_s: float = WATCH_S
) -> Diagnosis:
    """The command, key and client that hold the server, from its slow log.

    Args:
        redis: Read-only session.
        slow_ms: Milliseconds from which a command is slow.
        allowed_pct: Share of the server's time, in per cent, that slow commands may hold.
        disposable: A key, or a prefix as `keys_by_prefix` writes it, that can be made again, so that it may be unlinked.
        watch_s: Seconds the log and the clients are watched.

    Returns:
        PROBLEM with code slow_command and subject `COMMAND KEY by CLIENT`, or another code when the counters show another failure mode;
        OK when slow commands hold little; UNKNOWN when the log is closed, or quick commands are slow too.

    Source: Redis manual, SLOWLOG, "Diagnosing latency issues"; FAULTS.md D4.
    """
    before = await read(redis)
    looks = await watch_clients(redis, watch_s=watch_s)
    delta = subtract(before, await read(redis))
    groups = grouped(delta.slow, slow_ms=slow_ms, own=redis.application_name)
    reason = delta.missing.get("SLOWLOG", "") or await _log_off(redis, slow_ms)
    if not groups:
        return judge(Seen(delta, groups, blind=reason), allowed_pct=allowed_pct)
    sizes = [s for s in [await key_size(redis, key) for key in sorted(groups[0].keys)[:8]] if s]
    size = max(sizes, key=lambda s: s.bytes or s.elements, default=None)
    return judge(Seen(delta, groups, size, makers(looks, groups[0]), reason), allowed_pct=allowed_pct, disposable=disposable)


async def _log_off(redis: Redis, slow_ms: float) -> str:
    try:
        return settings_blind(await redis.settings("slowlog-log-slower-than", "slowlog-max-len"), slow_ms)
    except Refused:
        return ""  # the log itself is open; what it holds counts


def judge(seen: Seen, *, allowed_pct: float = ALLOWED_PCT, disposable: str = "") -> Diagnosis:
    """Return what the slow log, the key and the clients add up to; pure."""
    delta = seen.delta
    held = held_pct(seen.groups, delta)
    own = held > allowed_pct and plausible(seen.groups, delta, seen.size)
    other = blind(delta, "stats") or (None if own else _elsewhere(delta))
    if other:
        return other
    if own:
        return _named(seen, held, disposable)
    if held > allowed_pct:
        top = seen.groups[0]
        return Diagnosis(
            Status.UNKNOWN,
            summary=f"Slow commands hold {held:.1f} % of the time, most of it {top.subject}, which has little to do: the process itself seems to be "
            "held up, by its machine's processors, swap or disk. Look at steal time and swap, and at LATENCY DOCTOR.",
            facts=delta.facts(),
        )
    if seen.blind:
        return Diagnosis(Status.UNKNOWN, summary=f"The slow log cannot be read: {seen.blind}.{_means(delta)}", facts=delta.facts())
    return Diagnosis(Status.OK, summary=f"Slow commands held {held:.1f} % of {delta.seconds:.1f} s; {allowed_pct:g} % are all right.")


def _elsewhere(delta: Delta) -> Diagnosis | None:
    """Another failure mode that the counters show, or a fork that stopped the server."""
    found = neighbour(delta, own="slow_command")
    forks, took_ms = delta.counters.get("total_forks", 0.0), delta.after.number("latest_fork_usec") / 1000
    if found or not forks or took_ms < FORK_MS:
        return found
    said = f"The server forked {forks:.0f} times in {delta.seconds:.1f} s, and stood still for {took_ms:.0f} ms each time."
    return Diagnosis(Status.PROBLEM, "persistence_or_replication", "fork", said, because=[said], facts=delta.facts())


def _means(delta: Delta) -> str:
    """What the command statistics tell without the log: the command, and neither its key nor who sends it."""
    slow = [(c.usec / c.calls / 1000, name) for name, c in delta.commands.items() if c.calls and c.usec / c.calls >= SLOW_MS * 1000]
    return f" {max(slow)[1].upper()} takes {max(slow)[0]:.0f} ms on average; open the log to see its key and client." if slow else ""


def _named(seen: Seen, held: float, disposable: str) -> Diagnosis:
    delta, top = seen.delta, seen.groups[0]
    share = top.held_ms / 10 / delta.seconds
    keys, _ = delta.after.keys()
    mean = delta.commands.get(top.command.lower())
    because = [
        f"{top.calls} slow calls of {top.command} held the server for {share:.1f} % of {delta.seconds:.1f} s; the longest took {top.longest_ms:.0f} ms.",
        *([f"It walks all {keys:,} keys."] if top.command in ALL_KEYS else []),
        *([f"{top.shape} is a {seen.size}."] if seen.size else []),
        *([f"{top.command} takes {mean.usec / mean.calls / 1000:.1f} ms on average (commandstats)."] if mean and mean.calls else []),
        *(
            f"{m.name or m.addr}, connected for {m.age_s:,} s: its last command was {top.command} in {m.doing} of {m.looks} looks."
            for m in seen.makers
        ),
    ]
    against = [f"{g.subject} holds {g.held_ms / 10 / delta.seconds:.1f} %." for g in seen.groups[1:4] if g.held_ms * 4 > top.held_ms]
    other = _elsewhere(delta)
    fix, target = _remedy(seen, top, disposable)
    return Diagnosis(
        Status.PROBLEM, "slow_command", top.subject,
        f"{top.subject} holds the server for {share:.0f} % of the time, and everybody waits ({held:.0f} % with other slow commands).",
        target, because, [*against, *([other.summary] if other else [])], delta.facts(), fix,
    )  # fmt: skip


def _remedy(seen: Seen, top: SlowGroup, disposable: str) -> tuple[str, dict[str, Any]]:
    """Return the smallest fix: unlink what may go, end a client that does nothing else, else a text for the application."""
    key = next(iter(top.keys)) if len(top.keys) == 1 else b""
    if disposable and key and seen.size and (key == disposable.encode() or belongs(key, disposable)) and _writable(key):
        return "unlink_big_key", {"key": key.decode()}
    if len(seen.makers) == 1 and len(top.addrs) == 1 and seen.makers[0].expendable:
        one = seen.makers[0]
        return "kill_slow_client", {"client_id": one.id, "addr": one.addr, "client_name": one.name, "command": top.command}
    elements = seen.size.elements if seen.size else 0
    return "replace_slow_command", {"command": top.command, "key": top.shape, "client_name": top.client_name, "elements": elements}


def _writable(key: bytes) -> bool:
    """Whether the key may be written down: text, and no secret by itself."""
    return key.decode("utf-8", "replace").encode() == key and not has_token(key)
