"""The route handlers of a Next.js application (App Router): method, path, what wraps them, and the settings of their segment.

A route is `route.ts` below `app` or `src/app`; groups `(x)` and slots `@x` are no part of its path. Source: Next.js documentation, File
conventions: route.js and Route Segment Config.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from helpers.git.typescript.source import Script, walk

__all__ = ["METHODS", "SETTINGS", "Handler", "handlers_of", "path_of", "serves"]

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
SETTINGS = ("dynamic", "revalidate", "fetchCache", "runtime", "maxDuration", "dynamicParams", "preferredRegion")
_FUNCTIONS = ("arrow_function", "function_declaration", "function_expression")


@dataclass(frozen=True, eq=False)
class Handler:
    """One method of one route; `wrappers` are the functions its handler is passed through, the outermost first.

    `body` is the innermost function's node, None where it is imported or made elsewhere; `settings` are the segment's, as written.
    """

    method: str
    path: str
    script: Script
    node: Any
    body: Any
    wrappers: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def route(self) -> str:
        """Return the route as logs and people name it."""
        return f"{self.method} {self.path}"

    @property
    def place(self) -> str:
        """Return `file:line`."""
        return f"{self.script.path}:{self.script.line(self.node)}"


def path_of(file: str) -> str:
    """Return the path that a route's file serves (`/api/orders/[id]`); empty for any other file. Pure."""
    parts = file.split("/")
    if parts[0] == "src":
        parts = parts[1:]
    if not parts or parts[0] != "app" or parts[-1].partition(".")[0] != "route":
        return ""
    return "/" + "/".join(part for part in parts[1:-1] if not part.startswith(("(", "@")))


def serves(route: str, path: str, method: str = "GET") -> bool:
    """Return whether a request is a route's (`GET /api/orders/[id]`); a path that is a shape itself is its own. Pure."""
    own, _, shape = route.partition(" ")
    parts = re.split(r"(\[\[?\.\.\.\w+\]\]?|\[\w+\])", shape)
    pattern = "".join(".+" if "..." in part else "[^/]+" if part.startswith("[") else re.escape(part) for part in parts)
    return own == method and re.fullmatch(pattern, path.rstrip("/") or "/") is not None


def handlers_of(scripts: Mapping[str, Script]) -> list[Handler]:
    """Return every handler of the application, by path."""
    found = []
    for script in scripts.values():
        path = path_of(script.path)
        if path:
            settings = {name: script.text(node).strip("'\"") for name, node in script.functions.items() if name in SETTINGS}
            found += [_handler(script, name, node, path, settings) for name, node in script.functions.items() if name in METHODS]
    return sorted(found, key=lambda handler: (handler.path, METHODS.index(handler.method)))


def _handler(script: Script, method: str, node: Any, path: str, settings: dict[str, str]) -> Handler:
    wrappers, body = _unwrapped(script, node)
    return Handler(method, path, script, node, body, tuple(wrappers), settings)


def _unwrapped(script: Script, node: Any) -> tuple[list[str], Any]:
    """Return the names of the calls a function is passed through, and the function."""
    wrappers: list[str] = []
    while node is not None and node.type not in _FUNCTIONS:
        if node.type == "identifier" and script.text(node) in script.functions and script.functions[script.text(node)] is not node:
            node = script.functions[script.text(node)]
            continue
        if node.type != "call_expression":
            inner = [one for one in node.named_children if one.type in (*_FUNCTIONS, "call_expression", "identifier")]
            if node.type not in ("satisfies_expression", "as_expression", "parenthesized_expression") or not inner:
                return wrappers, None
            node = inner[0]
            continue
        wrappers.append(script.text(node.child_by_field_name("function")))
        given = node.child_by_field_name("arguments").named_children
        node = next((one for one in given if one.type in (*_FUNCTIONS, "call_expression", "identifier")), None)
    return wrappers, node


def calls_in(script: Script, node: Any) -> list[tuple[str, Any]]:
    """Return every call below a node with the name it calls, as written."""
    found = [one for one in walk(node) if one.type == "call_expression"]
    return [(script.text(one.child_by_field_name("function")), one) for one in found]
