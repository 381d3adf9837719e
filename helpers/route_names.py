"""Names of routes, compared: what one room calls `/orders/{order_id:int}`, another calls `/orders/{id}`."""

from __future__ import annotations

import re

__all__ = ["is_of_route", "shape_of_route"]


def shape_of_route(route: str) -> str:
    """Return a route's name without the names of its open parts, and without a slash at its end."""
    method, _, path = route.strip().rpartition(" ")
    return f"{method.upper()} {re.sub(r'{[^{}]*}', '{}', path).rstrip('/') or '/'}"


def is_of_route(route: str, request: str) -> bool:
    """Whether a request such as `GET /orders/7?full=1` is one of a route such as `GET /orders/{order_id}`."""
    method, _, path = shape_of_route(route).partition(" ")
    asked, _, rest = request.strip().rpartition(" ")
    pattern = "[^/]+".join(re.escape(part) for part in path.split("{}"))
    return method in ("", (asked or "GET").upper()) and re.fullmatch(f"{pattern}/?", rest.partition("?")[0]) is not None
