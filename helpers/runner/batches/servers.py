"""Which servers a run burdens, and by how much: two profiles that lead to one server share what it bears."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from helpers.errors import ProfileError
from helpers.runner.batches.schema import Limits
from helpers.settings import Profile

__all__ = ["Burden", "burden_of", "capacities", "makes_load", "server_of"]

Burden = dict[str, int]  # server → share of what it bears
PORTS = {"postgres": 5432, "postgresql": 5432, "http": 80, "https": 443}
_OF_ITS_OWN = r"\b(?:import|from)\s+(?:httpx|requests|aiohttp|urllib)\b"


@cache
def _load() -> re.Pattern[str]:
    """What makes load on an API: one of our probes of it, or a client that a notebook brings itself."""
    room = Path(__file__).parents[2] / "http" / "probes"
    stems = sorted(path.stem for path in room.glob("*.py") if path.stem != "__init__")
    return re.compile(rf"\bhttp\.(?:{'|'.join(stems)})\b|\bstatements_per_request\b|{_OF_ITS_OWN}")


def makes_load(code: str) -> bool:
    """Return whether a notebook's code may send requests of its own to the API."""
    return _load().search(code) is not None


def server_of(address: str) -> str:
    """Return `host:port` of an address, the same however it is written; a reference stands for itself, credentials are left out."""
    parts = urlsplit(address)
    if not parts.scheme or "//" not in address:
        return address
    asked = parse_qs(parts.query)
    host = (asked.get("host", [""])[0] or parts.netloc.rpartition("@")[2] or "localhost").lower()
    if "," in host or host.startswith("/"):
        return host
    name, _, port = host.rpartition(":") if re.search(r":\d+$", host) else (host, "", "")
    name = "127.0.0.1" if name in ("localhost", "[::1]", "") else name
    return f"{name}:{port or asked.get('port', [''])[0] or PORTS.get(parts.scheme, 0)}"


def burden_of(profile: Profile | str | None, code: str, limits: Limits, *, resolve: bool = True) -> Burden:
    """Return what one run of a notebook burdens.

    Args:
        profile: Its profile; the name alone where it must not be loaded (`sandbox`, which would start): then the name is the server.
        code: The notebook's code.
        limits: What a run may open.
        resolve: Whether references may be followed here; a reference that is not followed is its own server.

    """
    if profile is None:
        return {}
    servers = {name: _server(profile, name, resolve) for name in ("api", "postgres")}
    burden = {f"api {servers['api']}": 1} if servers["api"] and makes_load(code) else {}
    if servers["postgres"]:
        burden[f"postgres {servers['postgres']}"] = limits.connections_per_run
    return burden


def _server(profile: Profile | str, system: Any, resolve: bool) -> str:
    if isinstance(profile, str):
        return profile
    written = str(getattr(profile, system))
    if not written or not resolve:
        return server_of(written)
    try:
        return server_of(profile.address(system))
    except ProfileError:
        return server_of(written)  # told by whoever checks the profile


def capacities(burdens: list[Burden], limits: Limits) -> Burden:
    """Return what each of the burdened servers bears at a time."""
    most = {"api": limits.load_probes_per_api, "postgres": limits.connections_per_postgres}
    return {server: most[server.partition(" ")[0]] for burden in burdens for server in burden}
