"""Why clients are refused or fill the memory: who holds the client slots or the buffers.

Told apart: connections that nobody uses any more, clients that wait in a blocking command, subscribers and readers that do not keep
up, and an application that simply needs as many as it has.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from helpers.redis.clients import BUSY, Client, ClientGroup, buffers, buffers_pct, grouped, limits, listed, members, named, slots
from helpers.redis.connect import Redis
from helpers.redis.deltas import Delta, read, subtract
from helpers.redis.neighbours import blind, neighbour
from helpers.results import Diagnosis, Status

__all__ = ["client_exhaustion", "judge"]

WATCH_S = 3.0
IDLE_S = 300.0  # above the usual pool's own recycling; the value most guides give for `timeout`
FULL_PCT = 80.0
HOLDER_PCT = 50.0  # one holder has more of it than all others together
MOST_KILLED = 1000
MIB = 1 << 20


async def client_exhaustion(redis: Redis, *, watch_s: float = WATCH_S, idle_s: float = IDLE_S, full_pct: float = FULL_PCT) -> Diagnosis:
    """The clients that hold most of the slots, or most of the memory of buffers.

    Args:
        redis: Read-only session.
        watch_s: Seconds the counters are watched.
        idle_s: Seconds without a command after which a client counts as left behind.
        full_pct: Per cent of the slots, or of half the memory limit, from which on clients exhaust the server.

    Returns:
        PROBLEM with code client_exhaustion and the holder's name or address as subject; PROBLEM with another code when something else
        comes first; OK when there is room; UNKNOWN when no holder stands out, or CLIENT LIST or INFO are closed.

    Source: Redis manual, client handling (maxclients, timeout, output buffer limits); CLIENT LIST.
    """
    before = await read(redis)
    await asyncio.sleep(watch_s)
    clients = await listed(redis)
    delta = subtract(before, await read(redis))
    return judge(delta, clients, await limits(redis, delta.after.info), idle_s=idle_s, full_pct=full_pct)


def judge(delta: Delta, clients: Sequence[Client], settings: Mapping[str, str], *, idle_s: float, full_pct: float) -> Diagnosis:
    """Return what the counters and the clients add up to; pure."""
    dark = blind(delta, "memory", "stats")
    if dark:
        return dark
    groups = grouped(clients, idle_s=idle_s)
    if buffers_pct(delta.after.info) >= full_pct:
        return _by_buffers(delta, clients, groups, idle_s)
    other = neighbour(delta, own="client_exhaustion")
    if other:
        return other
    taken, there_are = slots(delta.after.info, settings)
    if not there_are:
        return Diagnosis(Status.UNKNOWN, summary="The service does not tell how many clients it takes: see its plan.")
    rejected = delta.counters.get("rejected_connections", 0.0)
    if not rejected and 100 * taken / there_are < full_pct:
        return Diagnosis(Status.OK, summary=f"{taken:.0f} of {there_are:.0f} client slots are taken, and no connection was rejected.")
    said = f"{taken:.0f} of {there_are:.0f} client slots are taken; {rejected:.0f} connections were rejected in {delta.seconds:.1f} s."
    return _by_slots(delta, clients, groups, said, idle_s)


def _by_slots(delta: Delta, clients: Sequence[Client], groups: Sequence[ClientGroup], said: str, idle_s: float) -> Diagnosis:
    if not groups or groups[0].clients_pct <= HOLDER_PCT:
        return Diagnosis(Status.UNKNOWN, summary=f"{said} No holder has most of them: {named(groups[:3]) or 'nobody is left'}.")
    top = groups[0]
    because = [said, f"{top.who} holds {top.clients} of them ({top.clients_pct:.0f} %), {_how(top, idle_s)}."]
    against = [f"{g.who} holds {g.clients} ({g.doing})." for g in groups[1:3]]
    target: dict[str, Any]
    if top.doing == BUSY:
        fix, target = "resize_client_pool", {"who": top.who, "clients": top.clients, "maxclients": int(delta.after.number("maxclients"))}
        because.append("They are in use, so none of them is left behind: the application opens more than the server takes.")
    elif top.doing == "idle" and top.opened_over_s >= idle_s:
        fix, target = "set_timeout", {"to_s": math.ceil(idle_s)}
        because.append(f"They were opened over {top.opened_over_s:.0f} s: more will follow, so closing these once would not last.")
    else:
        fix, target = "kill_clients", _kill(members(clients, top, idle_s=idle_s), top, idle_s)
    summary = f"{top.who} holds {top.clients_pct:.0f} % of the client slots taken, {_how(top, idle_s)}."
    return Diagnosis(Status.PROBLEM, "client_exhaustion", top.who, summary, target, because, against, delta.facts(), fix)


def _how(group: ClientGroup, idle_s: float) -> str:
    return {
        "idle": f"idle for {idle_s:g} s or more (the longest {group.longest_idle_s:.0f} s) after {group.last_command}",
        "blocked": f"waiting in {group.last_command} for up to {group.longest_idle_s:.0f} s",
        "subscribed": "subscribed to channels",
        BUSY: f"asking {group.last_command} within the last {idle_s:g} s",
    }[group.doing]


def _by_buffers(delta: Delta, clients: Sequence[Client], groups: Sequence[ClientGroup], idle_s: float) -> Diagnosis:
    held, limit = buffers(delta.after.info)
    said = f"The buffers of clients hold {held / MIB:,.1f} MiB, {100 * held / limit:.0f} % of the memory limit of {limit / MIB:,.1f} MiB."
    top = max(groups, key=lambda g: g.buffers_bytes, default=None)
    seen = sum(g.buffers_bytes for g in groups)
    if top is None or 100 * top.buffers_bytes <= HOLDER_PCT * max(seen, held):
        return Diagnosis(Status.UNKNOWN, summary=f"{said} No holder has most of it: {named(groups[:3]) or 'nobody is left'}.")
    because = [said, f"{top.who} holds {top.buffers_bytes / MIB:,.1f} MiB of it with {top.clients} clients, after {top.last_command}."]
    because += [f"{n:.0f} commands were refused with {p} in {delta.seconds:.1f} s." for p, n in delta.errors.items() if p == "OOM"]
    heavy = [m for m in members(clients, top, idle_s=idle_s) if m.buffers_bytes * top.clients >= top.buffers_bytes]
    summary = f"{top.who} does not read what it asked for: its replies hold {100 * top.buffers_bytes / limit:.0f} % of the memory."
    target = _kill(heavy, top, idle_s)
    return Diagnosis(Status.PROBLEM, "client_exhaustion", top.who, summary, target, because, (), delta.facts(), "kill_clients")


def _kill(found: Sequence[Any], group: ClientGroup, idle_s: float) -> dict[str, Any]:
    """The fix's target; who is idle must still be idle when the time has come, who holds memory must still hold half of it."""
    keep = ("id", "name", "addr", "buffers_bytes")
    chosen = [{k: v for k, v in asdict(m).items() if k in keep} for m in found[:MOST_KILLED]]
    return {"who": group.who, "doing": group.doing, "idle_s": idle_s, "clients": chosen}
