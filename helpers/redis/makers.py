"""The clients behind slow commands: CLIENT LIST, looked at several times while the slow log is watched.

A client whose last command is the slow one at every look does nothing else; an application's connection would show others in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from helpers.errors import BadAnswer, Refused
from helpers.redis.connect import Redis
from helpers.redis.replies import Value, parse_clients
from helpers.redis.slow import SlowGroup

__all__ = ["Maker", "makers", "plain", "watch_clients"]

LOOKS = 6
FEWEST_LOOKS = 3
Clients = Sequence[Mapping[str, Value]]


@dataclass(frozen=True, slots=True)
class Maker:
    """One connection that sends a slow command; `doing` of `looks` times it was its last one, `alike` connections have its name."""

    id: int
    addr: str
    name: str
    age_s: int
    flags: str
    doing: int
    looks: int
    alike: int

    @property
    def expendable(self) -> bool:
        """Whether it was seen to do nothing else, is alone under its name, and is no replica, subscriber or transaction."""
        return self.looks >= FEWEST_LOOKS and self.doing == self.looks and self.alike == 1 and plain(self.flags)


def plain(flags: str) -> bool:
    """Whether a client is an ordinary one: no replica, monitor, subscriber, nor blocked, tracking or in a transaction (CLIENT LIST's flags)."""
    return bool(flags) and set(flags) <= set("NUeT")


async def watch_clients(redis: Redis, *, watch_s: float) -> list[Clients]:
    """Return CLIENT LIST at several looks over `watch_s` seconds; empty lists where it is refused. Raises Unreachable, TimedOut."""
    found: list[Clients] = []
    for _ in range(LOOKS):
        await asyncio.sleep(watch_s / LOOKS)
        try:
            found.append(parse_clients(await redis.ask("CLIENT LIST")))
        except (Refused, BadAnswer):
            found.append([])
    return found


def makers(looks: Sequence[Clients], group: SlowGroup) -> list[Maker]:
    """Return the connections still there that sent the group's slow commands, by the address the slow log has; pure."""
    last = looks[-1] if looks else []
    found = []
    for client in last:
        if client.get("addr") not in group.addrs or client.get("name", "") != group.client_name:
            continue
        mine = [c for look in looks for c in look if c.get("id") == client.get("id")]
        alike = sum(c.get("addr") == client["addr"] if not group.client_name else c.get("name") == group.client_name for c in last)
        found.append(
            Maker(
                int(client["id"]), str(client["addr"]), str(client.get("name", "")), int(client.get("age", 0)), str(client.get("flags", "")),
                sum(c.get("cmd") == group.command.lower() for c in mine), len(mine), alike,
            )
        )  # fmt: skip
    return found
