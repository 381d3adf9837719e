"""Which route of the code a request's path is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from helpers.http.connect import parse_endpoint

__all__ = ["route_of"]


def route_of(endpoint: str, handlers: Iterable[Any]) -> str:
    """Return the route (`GET /api/orders/[id]`) that serves an endpoint, the plainest where several do; the path itself where none is known. Pure."""
    method, path = parse_endpoint(endpoint)
    path = path.partition("?")[0]
    fits = [row.route for row in handlers if row.serves(path, method)]
    return min(fits, key=lambda name: name.count("["), default=f"{method} {path}")
