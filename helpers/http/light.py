"""A route that asks no other system: what it waits for is the process itself."""

from __future__ import annotations

from helpers.http.connect import Api

__all__ = ["light_path"]

# What frameworks, Kubernetes and load balancers use for liveness; readiness routes ask databases, so they are not here.
KNOWN = ("/health", "/healthz", "/livez", "/live", "/ping", "/_health", "/api/health", "/api/ping")
ABSENT = "/runbook-light-route"  # a 404 is answered by the router on the event loop, and runs nobody's handler
_PATIENCE_S = 5.0


async def light_path(api: Api, given: str = "") -> str:
    """Return the path to ask: the one given, the first liveness route that answers 200, or a path that does not exist.

    Raises:
        Unreachable: as the session raises it.

    """
    if given:
        return given
    for path in KNOWN:
        if (await api.request("GET", path, timeout_s=_PATIENCE_S)).status == 200:
            return path
    return ABSENT
