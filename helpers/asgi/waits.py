"""Where requests that take long wait: the coroutine chain of each one's task, as it stands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from helpers.asgi.frames import IN_THREAD, Place, awaited, told
from helpers.asgi.requests import UnderWay, UnderWayRequest, route_of

__all__ = ["THREAD", "waiting"]

QUEUED = "CapacityLimiter"  # anyio's: no thread is free
THREAD = "run_sync"  # anyio.to_thread.run_sync: the work is a thread's, or waits for one


def waiting(
    loop: asyncio.AbstractEventLoop, under_way: UnderWay, older_than_s: float, path_of: Callable[[Place], str]
) -> list[dict[str, Any]]:
    """Return the requests older than that, grouped by route and own-code line; to be called on the loop itself.

    Each has `n`, `oldest_ms`, `http_route`, and where it waits as `frames.told` says: `callee` is the library's function that it awaits, `queued` that no thread is free for it.
    """
    late = {id(request): request for request in under_way.older_than(older_than_s)}
    if not late:
        return []
    chains: dict[int, list[Place]] = {}
    for task in asyncio.all_tasks(loop):
        places = awaited(task.get_coro())
        request = _request_of(places, under_way)
        if request is not None and id(request) in late and _deeper(places, chains.get(id(request)), path_of):
            chains[id(request)] = places
    groups: dict[tuple[str, str, int, bool], dict[str, Any]] = {}
    now = time.perf_counter()
    for number, places in chains.items():
        queued = any(QUEUED in place.name for place in places)
        one = {"http_route": route_of(late[number].scope), "queued": queued, **told(places, path_of)}
        key = one["http_route"], one["code_file_path"], one["code_line_number"], queued
        group = groups.setdefault(key, {**one, "n": 0, "oldest_ms": 0})
        group["n"] += 1
        group["oldest_ms"] = max(group["oldest_ms"], round((now - late[number].came) * 1000))
    return sorted(groups.values(), key=lambda group: -int(group["n"]))[:20]


def _request_of(places: list[Place], under_way: UnderWay) -> UnderWayRequest | None:
    """A middleware may run what it wraps in a task of its own: the scope that its frames hold tells whose it is."""
    return next((found for place in places if place.scope is not None and (found := under_way.of(place.scope)) is not None), None)


def _deeper(places: list[Place], other: list[Place] | None, path_of: Callable[[Place], str]) -> bool:
    """The task that holds the handler, not the one that waits for it: its innermost own frame is no middleware's that calls the next."""
    return other is None or _rank(places, path_of) > _rank(other, path_of)


def _rank(places: list[Place], path_of: Callable[[Place], str]) -> tuple[bool, bool, int]:
    names = [place.name for place in places]
    calls_next = any(name.endswith(".call_next") for name in names)
    handles = names.count(IN_THREAD) > 0 or any(path_of(place) for place in places)
    return not calls_next, handles, len(places)
