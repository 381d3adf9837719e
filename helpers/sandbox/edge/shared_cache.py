"""The edge's shared cache: what may be kept, for how long, and what is answered from it.

Criteria as documented for Vercel's cache: GET or HEAD, no Range and no Authorization in the request; status 200, 404, 301, 308 or 410; no
Set-Cookie, no private/no-cache/no-store; `s-maxage` (or CDN-Cache-Control's max-age) with stale-while-revalidate. Cookies are no part of
the key: that is the application's to say. The clients get the header without `s-maxage`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

__all__ = ["Kept", "SharedCache", "for_clients", "lifetime_s"]

_STATUSES = {200, 301, 308, 404, 410}
_LARGEST = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """One kept answer: its status, headers and body, the request it was made for, since when and for how long (s)."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    request_id: str
    at: float
    fresh_s: float
    stale_s: float


@dataclass
class SharedCache:
    """Answers by path and query."""

    clock: Callable[[], float] = time.time
    kept: dict[str, Kept] = field(default_factory=dict)

    def find(self, method: str, target: str, headers: Mapping[str, str]) -> tuple[Kept | None, str]:
        """Return what is kept for this request and its state: HIT, STALE (may be answered, is to be made anew), or MISS."""
        if method not in ("GET", "HEAD") or "authorization" in headers or "range" in headers:
            return None, "MISS"
        found = self.kept.get(target)
        age = self.clock() - found.at if found else 0.0
        if found is None or age > found.fresh_s + found.stale_s:
            return None, "MISS"
        return found, "HIT" if age <= found.fresh_s else "STALE"

    def offer(
        self,
        method: str,
        target: str,
        asked: Mapping[str, str],
        status: int,
        headers: tuple[tuple[str, str], ...],
        body: bytes,
        request_id: str,
    ) -> None:
        """Keep an answer when the criteria allow it."""
        given = {name.lower(): value for name, value in headers}
        fresh, stale = lifetime_s(given)
        if method != "GET" or "authorization" in asked or "range" in asked or fresh <= 0:
            return
        if status in _STATUSES and "set-cookie" not in given and len(body) <= _LARGEST:
            self.kept[target] = Kept(status, headers, body, request_id, self.clock(), fresh, stale)

    def purge(self) -> int:
        """Forget everything; return how many answers that were."""
        count = len(self.kept)
        self.kept.clear()
        return count


def lifetime_s(headers: Mapping[str, str]) -> tuple[float, float]:
    """Return for how long an answer is fresh in a shared cache, and for how long it may be served stale after that; 0 for not at all. Pure."""
    control = headers.get("vercel-cdn-cache-control") or headers.get("cdn-cache-control") or headers.get("cache-control", "")
    said = {name.lower(): value for name, value in re.findall(r"([\w-]+)(?:=\"?(\d+))?", control)}
    if {"private", "no-store", "no-cache"} & set(said):
        return 0.0, 0.0
    own = "max-age" if "cdn-cache-control" in headers or "vercel-cdn-cache-control" in headers else ""
    fresh = said.get("s-maxage") or (said.get(own, "") if own else "")
    return float(fresh or 0), float(said.get("stale-while-revalidate") or 0)


def for_clients(control: str) -> str:
    """Return `cache-control` as clients get it: what the edge consumed is not in it. Pure."""
    if "s-maxage" not in control:
        return control
    left = [part.strip() for part in control.split(",") if not re.match(r"\s*(s-maxage|stale-while-revalidate)\b", part)]
    return ", ".join([*(part for part in left if part != "public"), "public", "max-age=0", "must-revalidate"])
