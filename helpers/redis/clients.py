"""Who holds the server's client slots and the memory of client buffers: CLIENT LIST, grouped by name and by what the clients do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from helpers.errors import Refused
from helpers.redis.connect import Redis
from helpers.redis.keys import key_text
from helpers.redis.prefixes import shape
from helpers.redis.replies import Value, parse_clients

__all__ = [
    "BUSY",
    "ClientGroup",
    "Member",
    "buffer_bytes",
    "buffers",
    "buffers_pct",
    "grouped",
    "limits",
    "listed",
    "members",
    "name_text",
    "named",
    "slots",
]

BUSY = "busy"  # asked something within `idle_s`
BUFFERS_SHARE = 0.5  # beyond it what is pushed out is the fault of clients (as neighbours.py, MOSTLY_CLIENTS)
LIST_S = 8.0  # ten thousand clients are about four megabytes

Client = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Member:
    """One client as it was seen; `id` is never given to another one, `name` is without tokens."""

    id: int
    name: str
    addr: str
    command: str
    idle_s: float
    age_s: float
    buffers_bytes: float


@dataclass(frozen=True, slots=True)
class ClientGroup:
    """Clients of one name (or, without a name, of one address) that do the same.

    `doing`: `idle` for at least as long as was asked for, `blocked`, `subscribed`, or `busy`.
    """

    who: str
    doing: str
    clients: int
    clients_pct: float
    longest_idle_s: float
    buffers_bytes: float
    opened_over_s: float
    last_command: str


async def listed(redis: Redis) -> list[dict[str, Value]]:
    """Return the clients that applications hold: without the runbook's own, replicas and masters. Raises Refused where it is closed."""
    clients = parse_clients(await redis.ask("CLIENT LIST", timeout_s=LIST_S))
    return [c for c in clients if c.get("name") != redis.application_name and not set("SM") & set(str(c.get("flags", "")))]


def grouped(clients: Sequence[Client], *, idle_s: float) -> list[ClientGroup]:
    """Return the clients by holder and by what they do, the largest group first; pure."""
    found: dict[tuple[str, str], list[Member]] = {}
    for client in clients:
        found.setdefault((_who(client), _doing(client, idle_s)), []).append(_member(client))
    rows = [_group(who, doing, members, len(clients)) for (who, doing), members in found.items()]
    return sorted(rows, key=lambda r: (-r.clients, -r.buffers_bytes, r.who, r.doing))


def members(clients: Sequence[Client], group: ClientGroup, *, idle_s: float) -> list[Member]:
    """Return the clients of one group, those that hold most memory first; pure."""
    found = [_member(c) for c in clients if (_who(c), _doing(c, idle_s)) == (group.who, group.doing)]
    return sorted(found, key=lambda m: (-m.buffers_bytes, m.id))


def _group(who: str, doing: str, members: Sequence[Member], total: int) -> ClientGroup:
    ages, last = [m.age_s for m in members], [m.command for m in members]
    return ClientGroup(
        who, doing, len(members), round(100 * len(members) / total, 1), max(m.idle_s for m in members),
        sum(m.buffers_bytes for m in members), max(ages) - min(ages), max(sorted(set(last)), key=last.count),
    )  # fmt: skip


def _member(client: Client) -> Member:
    addr, command = (str(client.get(n, "")) for n in ("addr", "cmd"))
    return Member(
        int(_number(client, "id")), name_text(client), addr, command, _number(client, "idle"), _number(client, "age"), buffer_bytes(client)
    )


def name_text(client: Client) -> str:
    """Return the client's name as it may be shown and kept: a token in it is cut."""
    return key_text(str(client.get("name", "")).encode("utf-8", "surrogateescape"))


def _who(client: Client) -> str:
    """The client's name with its numbers folded; without a name its address without the port, which every connection has anew."""
    name = str(client.get("name", ""))
    if name:
        return key_text(shape(name.encode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape"))
    return str(client.get("addr", "")).rpartition(":")[0] or "an unknown address"


def _doing(client: Client, idle_s: float) -> str:
    flags = set(str(client.get("flags", "")))
    if "b" in flags:
        return "blocked"
    if "P" in flags or any(_number(client, n) for n in ("sub", "psub", "ssub")):
        return "subscribed"
    return "idle" if _number(client, "idle") >= idle_s else BUSY


def buffer_bytes(client: Client) -> float:
    """Return what the server keeps for this client: `tot-mem` (6.2+), else the buffers it tells of."""
    return _number(client, "tot-mem") or _number(client, "omem") + _number(client, "qbuf")


def _number(client: Client, name: str) -> float:
    value = client.get(name, 0)
    return float(value) if isinstance(value, int | float) else 0.0


async def limits(redis: Redis, info: Mapping[str, Value]) -> dict[str, str]:
    """Return maxclients from the settings where INFO clients leaves it out; empty where neither tells."""
    if "maxclients" in info:
        return {}
    try:
        return await redis.settings("maxclients")
    except Refused:
        return {}


def slots(info: Mapping[str, Value], settings: Mapping[str, str]) -> tuple[float, float]:
    """Return the client slots taken and those there are (0: the service does not tell); cluster links take slots too."""
    taken = sum(_number(info, n) for n in ("connected_clients", "cluster_connections"))
    return taken, _number(info, "maxclients") or float(settings.get("maxclients", 0) or 0)


def buffers(info: Mapping[str, Any]) -> tuple[float, float]:
    """Return the bytes that client buffers hold and the limit they count against: maxmemory, else the machine's; 0 where not told."""
    return _number(info, "mem_clients_normal"), _number(info, "maxmemory") or _number(info, "total_system_memory")


def buffers_pct(info: Mapping[str, Any]) -> float:
    """Return how full the memory is of buffers, in per cent of half the limit: keys need the other half. 0 where not told."""
    held, limit = buffers(info)
    return 100 * held / (BUFFERS_SHARE * limit) if limit else 0.0


def named(groups: Iterable[ClientGroup]) -> str:
    """Return the groups as words: `a (12 idle), b (3 busy)`."""
    return ", ".join(f"{g.who} ({g.clients} {g.doing})" for g in groups)
