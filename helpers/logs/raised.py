"""Exceptions in the log, by type and the innermost line of own code."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from helpers.logs.engine import Logs

__all__ = ["Raised", "raised_in"]

COMPILED = (".pyx", ".pxd", ".pxi")  # Cython names its sources by relative paths: those of a library
MOST = 5_000  # tracebacks: the newest
_SQL = """
    select coalesce(nullif(class_of(trace_of(coalesce(exception_stacktrace, body, ''))), ''), error_type, '') as kind,
        own_frames(trace_of(coalesce(exception_stacktrace, body, ''))) as frames,
        left(coalesce(nullif(exception_message, ''), said_by(trace_of(coalesce(exception_stacktrace, body, ''))), ''), 200) as message,
        http_request_method as method, route_of(http_route, url_path) as route, epoch(timestamp) as at
    from entries
    where exception_stacktrace is not null or (body like '%Traceback%' and severity_text in ('ERROR', 'CRITICAL', 'FATAL'))
    order by timestamp desc limit $most
"""
_LATELY, _FEWEST = 200, 10  # of a kind, to know its longest pause by
_FRAME = re.compile(r'File "([^"]+)", line (\d+), in (.+)')


@dataclass(frozen=True, slots=True)
class Raised:
    """One kind of exception: where own code raised it or called what did, how often, and when last (seconds since the epoch; 0: not known).

    `pause_s` is the longest pause it made between two, lately; infinite where it came too seldom to tell.
    """

    error_type: str
    file: str
    line: int
    function: str
    message: str
    route: str
    count: int
    last_at: float = 0.0
    pause_s: float = math.inf


def raised_in(logs: Logs) -> list[Raised]:
    """Return the kinds of exceptions, the most frequent first.

    Args:
        logs: Open logs.

    """
    groups: dict[tuple[str, str, int, str], list[tuple[Any, ...]]] = defaultdict(list)
    for row in logs.rows(_SQL, {"most": MOST}):
        frames = [frame for frame in _FRAME.findall(str(row[1] or "")) if not frame[0].endswith(COMPILED)]
        file, line, function = frames[-1] if frames else ("", "0", "")
        groups[str(row[0]), file, int(line), function.strip()].append(row)
    found = []
    for (kind, file, line, function), rows in groups.items():
        if file:
            route = f"{rows[0][3] or ''} {rows[0][4] or ''}".strip()
            times = [float(row[5] or 0.0) for row in rows]
            found.append(Raised(kind, file, line, function, str(rows[0][2] or ""), route, len(rows), times[0], _longest_pause(times)))
    return sorted(found, key=lambda one: -one.count)


def _longest_pause(times: list[float]) -> float:
    """Return the longest pause between the newest of these, newest first."""
    lately = times[:_LATELY]
    return max(later - earlier for later, earlier in pairwise(lately)) if len(lately) >= _FEWEST else math.inf
