"""The requests a process is at: which, since when, and by which route once that is known."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Mapping
from contextvars import ContextVar, Token
from typing import Any

__all__ = ["UnderWay", "UnderWayRequest", "current", "enter", "http_route", "leave", "request_id", "route_of"]

Scope = Mapping[str, Any]

HEADER = b"x-request-id"
# What a load balancer or a tracing library makes is of such characters; anything else is not written to logs that others read.
_SANE = re.compile(rb"[A-Za-z0-9._:@/+=~-]{1,128}")


class UnderWayRequest:
    """One request: its ASGI scope, when it came (`time.perf_counter`), its id, and whether it has ended."""

    __slots__ = ("came", "ended", "request_id", "scope")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.came = time.perf_counter()
        self.request_id = _given_id(scope) or os.urandom(16).hex()
        self.ended = False


def _given_id(scope: Scope) -> str:
    for name, value in scope.get("headers", ()):
        if name == HEADER and _SANE.fullmatch(value):
            return bytes(value).decode("ascii")
    return ""


_current: ContextVar[UnderWayRequest | None] = ContextVar("runbook_request", default=None)


def enter(request: UnderWayRequest) -> Token[UnderWayRequest | None]:
    """Make a request the one that this task, and the tasks and threads it starts, work for."""
    return _current.set(request)


def leave(token: Token[UnderWayRequest | None]) -> None:
    """Undo `enter`."""
    _current.reset(token)


def current() -> UnderWayRequest | None:
    """Return the request that this task or thread works for; None outside of one."""
    return _current.get()


def request_id() -> str:
    """Return the id of the request that this task or thread works for: the `x-request-id` it came with, or one made; empty outside of one."""
    request = _current.get()
    return request.request_id if request else ""


def http_route() -> str:
    """Return `GET /orders/{order_id}` of the request that this task or thread works for; `GET` before routing; empty outside of one."""
    request = _current.get()
    return route_of(request.scope) if request else ""


class UnderWay:
    """All requests of this process that were not answered yet, by their scope's identity; `most` since the last look."""

    def __init__(self) -> None:
        self._by_scope: dict[int, UnderWayRequest] = {}
        self._most = 0

    def __len__(self) -> int:
        return len(self._by_scope)

    def add(self, scope: Scope) -> UnderWayRequest:
        """Take a request in."""
        request = self._by_scope[id(scope)] = UnderWayRequest(scope)
        self._most = max(self._most, len(self._by_scope))
        return request

    def remove(self, scope: Scope) -> None:
        """Let a request go."""
        request = self._by_scope.pop(id(scope), None)
        if request is not None:
            request.ended = True

    def of(self, scope: Any) -> UnderWayRequest | None:
        """Return the request with this very scope, if it is under way."""
        found = self._by_scope.get(id(scope))
        return found if found is not None and found.scope is scope else None

    def older_than(self, seconds: float) -> list[UnderWayRequest]:
        """Return the requests that came longer ago."""
        before = time.perf_counter() - seconds
        return [request for request in list(self._by_scope.values()) if request.came < before]

    def told(self) -> dict[str, Any]:
        """Return `total`, `max` since the last call, and `by_route`."""
        now = list(self._by_scope.values())
        most, self._most = max(self._most, len(now)), len(now)
        return {"total": len(now), "max": most, "by_route": dict(Counter(route_of(request.scope) for request in now).most_common(20))}


def route_of(scope: Scope) -> str:
    """Return `GET /orders/{order_id}`; before the router has decided, and where there is none, `GET` with no path: a path is unbounded."""
    path = getattr(scope.get("route"), "path", "")
    return f"{scope.get('method', '')} {scope.get('root_path', '') if path else ''}{path}".strip()
