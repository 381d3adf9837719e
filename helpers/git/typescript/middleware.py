"""What stands before the routes of a Next.js application: `proxy.ts` (`middleware.ts` before version 16), and the paths its matcher has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from helpers.git.typescript.source import Script, walk

__all__ = ["FILES", "Matcher", "covers", "matchers_of"]

FILES = tuple(f"{folder}{name}.{end}" for folder in ("", "src/") for name in ("proxy", "middleware") for end in ("ts", "js", "mjs"))


@dataclass(frozen=True, eq=False)
class Matcher:
    """One pattern of the matcher; `node` is its string."""

    pattern: str
    script: Script
    node: Any

    @property
    def place(self) -> str:
        """Return `file:line`."""
        return f"{self.script.path}:{self.script.line(self.node)}"


def matchers_of(scripts: Mapping[str, Script]) -> tuple[str, list[Matcher]]:
    """Return the file that stands before the routes (empty: there is none) and its patterns; without any it stands before every path."""
    script = next((scripts[name] for name in FILES if name in scripts), None)
    if script is None:
        return "", []
    config = script.functions.get("config")
    found = []
    for part in walk(config) if config is not None else ():
        if part.type == "pair" and script.text(part.child_by_field_name("key")).strip("'\"") in ("matcher", "source"):
            value = part.child_by_field_name("value")
            strings = [value] if value.type == "string" else [one for one in value.named_children if one.type == "string"]
            found += [Matcher(script.text(one).strip("'\"`"), script, one) for one in strings]
    return script.path, found


def covers(pattern: str, path: str) -> bool:
    """Return whether a pattern of a matcher has a path: `/a/:path*`, `/a/:id`, `/((?!api).*)`. Pure.

    Source: Next.js documentation, proxy.js, Matcher (path-to-regexp).
    """

    def named(part: re.Match[str]) -> str:
        return {"*": "(?:/.*)?", "+": "/.+", "?": "(?:/[^/]+)?", "": "/[^/]+"}[part[1]]

    written = "".join(
        part if part.startswith("(") else re.sub(r"/:\w+([*+?]?)", named, re.sub(r"([.])", r"\\\1", part)) for part in _pieces(pattern)
    )
    try:
        return re.fullmatch(written, path) is not None
    except re.error:
        return False


def _pieces(pattern: str) -> list[str]:
    """Return the parts in brackets, which are regular expressions, and those between them."""
    found, depth = [""], 0
    for char in pattern:
        if char == "(" and depth == 0:
            found.append("")
        depth += (char == "(") - (char == ")")
        found[-1] += char
        if char == ")" and depth == 0:
            found.append("")
    return found
