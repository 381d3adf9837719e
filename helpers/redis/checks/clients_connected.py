"""Who is connected: the clients by name and address, with what their buffers hold.

The server's own limit on clients is the one that refuses the next: see client_exhaustion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from helpers.redis.connect import Redis
from helpers.redis.replies import Value, parse_clients
from helpers.results import CheckResult, Status

__all__ = ["ClientGroup", "clients_connected", "group"]

MOST_CLIENTS = 50_000  # one line of about 300 bytes each: the reply is not asked for where there are more
MOST_USED_PCT = 90.0  # redis_exporter's common warning


@dataclass(frozen=True, slots=True)
class ClientGroup:
    """The clients of one name and host; `output_bytes` waits to be read by them."""

    name: str
    host: str
    clients: int
    blocked: int
    subscribed: int
    longest_idle_s: int
    output_bytes: int
    memory_bytes: int
    last_command: str


async def clients_connected(redis: Redis) -> CheckResult[ClientGroup]:
    """The connected clients, grouped, the most first; this session is left out.

    Returns:
        PROBLEM when nine tenths of maxclients are connected; UNKNOWN with what is known when CLIENT LIST would be too long; else OK.

    Raises:
        Refused: the service or the ACL does not allow CLIENT LIST.

    Source: Redis manual, CLIENT LIST, maxclients.
    """
    facts = await redis.info("clients")
    connected, limit = int(facts.get("connected_clients", 0)), int(facts.get("maxclients", 0))
    if connected > MOST_CLIENTS:
        return CheckResult(Status.UNKNOWN, reason=f"{connected:,} clients are connected: the list would be too long to ask for.")
    rows = group([c for c in parse_clients(await redis.ask("CLIENT LIST")) if c.get("name") != redis.application_name])
    used = f"{connected} of {limit} clients" if limit else f"{connected} clients"
    text = f"{used} are connected" + (f"; most of them {rows[0].name} from {rows[0].host} ({rows[0].clients})." if rows else ".")
    full = bool(limit) and connected >= MOST_USED_PCT / 100 * limit
    return CheckResult(Status.PROBLEM if full else Status.OK, rows, text, facts={"connected_clients": connected, "maxclients": limit})


def group(clients: Sequence[Mapping[str, Value]]) -> list[ClientGroup]:
    """Return the clients by name and host; pure."""
    found: dict[tuple[str, str], list[Mapping[str, Value]]] = {}
    for client in clients:
        host = str(client.get("addr", "")).rpartition(":")[0] or "local"
        found.setdefault((str(client.get("name", "")) or "(no name)", host), []).append(client)
    rows = [
        ClientGroup(
            name, host, len(some), sum("b" in str(c.get("flags", "")) for c in some), sum("P" in str(c.get("flags", "")) for c in some),
            max(_number(c, "idle") for c in some), sum(_number(c, "omem") for c in some), sum(_number(c, "tot-mem") for c in some),
            str(min(some, key=lambda c: _number(c, "idle")).get("cmd", "")),
        )
        for (name, host), some in found.items()
    ]  # fmt: skip
    return sorted(rows, key=lambda r: (-r.clients, r.name))


def _number(client: Mapping[str, Value], name: str) -> int:
    value = client.get(name, 0)
    return int(value) if isinstance(value, int | float) else 0
