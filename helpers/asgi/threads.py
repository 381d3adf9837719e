"""The threads on which `def` handlers run: how many of anyio's limiter are taken, which routes use them, and at which lines they are."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from helpers.asgi.frames import HasCode, called, told
from helpers.asgi.waits import THREAD

__all__ = ["thread_limiter", "threads_told"]

_NAME = "AnyIO worker thread"
_MOST_LINES = 10


def thread_limiter() -> Any:
    """Return anyio's limiter of worker threads on this loop, which runs `def` handlers; None without anyio."""
    try:
        from anyio.to_thread import current_default_thread_limiter
    except ImportError:
        return None
    return current_default_thread_limiter()


def threads_told(limiter: Any, waits: Sequence[Mapping[str, Any]], path_of: Callable[[HasCode], str]) -> dict[str, Any]:
    """Return `used`, `total` and `waiting` of the limiter; once all are taken, who has them.

    `by_route` counts the requests that have a thread, `waiting_by_route` those that wait for one, `at` the threads by the line each stands at.
    """
    found = limiter.statistics()
    line: dict[str, Any] = {"used": found.borrowed_tokens, "total": found.total_tokens, "waiting": found.tasks_waiting}
    line |= {"by_route": _routes(waits, queued=False), "waiting_by_route": _routes(waits, queued=True)}
    if found.borrowed_tokens >= found.total_tokens:
        line["at"] = _lines(path_of)
    return line


def _routes(waits: Sequence[Mapping[str, Any]], *, queued: bool) -> dict[str, int]:
    routes: Counter[str] = Counter()
    for one in waits:
        if THREAD in one["callee"] and one["queued"] is queued:
            routes[one["http_route"]] += one["n"]
    return dict(routes)


def _lines(path_of: Callable[[HasCode], str]) -> list[dict[str, Any]]:
    groups: dict[tuple[str, int], dict[str, Any]] = {}
    frames = sys._current_frames()
    for thread in threading.enumerate():
        if thread.name.startswith(_NAME) and thread.ident in frames:
            one = told(called(frames[thread.ident]), path_of)
            if one["code_file_path"]:
                del one["stack"], one["peer"]
                groups.setdefault((one["code_file_path"], one["code_line_number"]), {**one, "n": 0})["n"] += 1
    return sorted(groups.values(), key=lambda group: -int(group["n"]))[:_MOST_LINES]
