"""Where a Next.js application says that an answer may be kept: segment settings, headers in a handler's code, `vercel.json`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from helpers.git.typescript.handlers import Handler
from helpers.git.typescript.reach import reached
from helpers.git.typescript.source import Script, walk

__all__ = ["Keeps", "configured", "keeps_of"]

_HEADERS = ("cache-control", "cdn-cache-control", "vercel-cdn-cache-control")
_NEVER = ("0", "false")


@dataclass(frozen=True, eq=False)
class Keeps:
    """One place: `setting` as written (`dynamic = force-static`, `s-maxage=60`), `node` what a patch would change."""

    setting: str
    kind: str
    script: Script
    node: Any

    @property
    def place(self) -> str:
        """Return `file:line`."""
        return f"{self.script.path}:{self.script.line(self.node)}"


def keeps_of(handler: Handler, scripts: Mapping[str, Script]) -> list[Keeps]:
    """Return what makes a cache keep the answers of a handler; settings of the segment first."""
    found = list(_segment(handler))
    for script, function in reached(handler, scripts):
        found += _headers(script, function)
    return found


def _segment(handler: Handler) -> Iterator[Keeps]:
    if handler.method not in ("GET", "HEAD"):
        return
    for name, keeping in (("dynamic", ("force-static", "error")), ("revalidate", None)):
        value = handler.settings.get(name)
        if value is not None and (value in keeping if keeping else value not in _NEVER):
            yield Keeps(f"{name} = {value}", "segment", handler.script, handler.script.functions[name])


def _headers(script: Script, function: Any) -> Iterator[Keeps]:
    """Yield header values below a node that a shared cache may keep: as a pair of an object, or as arguments of `set`/`append`."""
    for part in walk(function):
        if part.type == "pair":
            name, value = part.child_by_field_name("key"), part.child_by_field_name("value")
        elif part.type == "arguments" and len(part.named_children) == 2:
            name, value = part.named_children
        else:
            continue
        header = script.text(name).strip("'\"`").lower()
        kept = kept_for(header, script.text(value)) if header in _HEADERS else ""
        if kept:
            yield Keeps(kept, "header", script, value)


def kept_for(header: str, value: str) -> str:
    """Return the directive by which a shared cache keeps an answer (`s-maxage=60`); empty when it may not. Pure."""
    lowered = value.lower()
    if any(word in lowered for word in ("no-store", "private", "no-cache")):
        return ""
    wanted = r"s-maxage=\d+" if header == "cache-control" else r"(?:s-maxage|max-age)=\d+"
    found = re.search(wanted, lowered)
    return found.group() if found and not found.group().endswith("=0") else ""


def configured(text: str) -> list[tuple[str, str]]:
    """Return what `vercel.json` lets caches keep, as (source pattern, directive); none when it cannot be read. Pure."""
    try:
        document = json.loads(text)
    except ValueError:
        return []
    entries = document.get("headers", []) if isinstance(document, dict) else []
    return [
        (str(entry.get("source", "")), kept)
        for entry in entries if isinstance(entry, dict)
        for one in entry.get("headers", [])
        if (kept := kept_for(str(one.get("key", "")).lower(), str(one.get("value", "")))) and str(one.get("key", "")).lower() in _HEADERS
    ]  # fmt: skip
