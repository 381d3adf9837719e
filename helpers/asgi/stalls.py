"""Where the event loop stands still: its thread's stack, looked at from another thread while it does not come round."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

from helpers.asgi.frames import Place, called, told
from helpers.asgi.requests import UnderWay, route_of

__all__ = ["Stall"]


class Stall:
    """One stall, since the tick that was the last: every look at the loop's thread while it lasts; the line that was seen most often is where it stood."""

    def __init__(self, thread: int, ticked: float, under_way: UnderWay, path_of: Callable[[Place], str]) -> None:
        self.ticked = ticked
        self._thread, self._under_way, self._path_of = thread, under_way, path_of
        self._seen: Counter[tuple[str, int]] = Counter()
        self._example: dict[tuple[str, int], tuple[list[Place], str]] = {}

    def look(self) -> None:
        """Look once."""
        places = called(sys._current_frames().get(self._thread))
        own = next((place for place in reversed(places) if self._path_of(place)), None)
        key = (self._path_of(own), own.line) if own else ("", 0)
        self._seen[key] += 1
        self._example[key] = (places, self._route(places))

    def _route(self, places: list[Place]) -> str:
        for place in reversed(places):
            request = self._under_way.of(place.scope) if place.scope is not None else None
            if request is not None:
                return route_of(request.scope)
        return ""

    def summary(self) -> dict[str, Any]:
        """Return the `http_route`, and where it stood as `frames.told` says."""
        places, route = self._example[self._seen.most_common(1)[0][0]]
        return {"http_route": route, **told([p for p in places if not p.module.startswith("helpers.asgi")], self._path_of)}
