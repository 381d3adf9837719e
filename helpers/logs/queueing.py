"""Did requests come faster than they were answered: the time in which most piled up, against what the load alone explains.

Little's law (Little 1961, Operations Research 9): requests in flight = arrivals per second × seconds each takes. More load at the same pace puts
more in flight and is no queue. Without one, their number varies as a Poisson one does (M/G/∞, Kendall 1964), so that five standard deviations
more than the pace before explains are a queue.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpers.logs.analyses import Entries, sql_of

__all__ = ["Queue", "queue_in", "queueing"]

DEVIATIONS = 5.0


@dataclass(frozen=True, slots=True)
class Queue:
    """The time in which most requests piled up; `expected` in flight at its end, at the pace before. `since` is None where there is no queue."""

    since: datetime | None
    until: datetime | None
    arrivals_per_s: float
    completions_per_s: float
    in_flight_before: int
    in_flight_after: int
    expected: float
    why: str


def queueing(logs: Entries, *, bucket_s: float = 10.0) -> Queue:
    """Return when requests queued.

    Args:
        logs: Open logs, of requests with durations. What had not ended when the log did is not in it: a queue at its very end looks shorter.
        bucket_s: Seconds of a bucket; the time is as exact as that.

    """
    return queue_in(logs.rows(sql_of("concurrency"), {"bucket_s": bucket_s}), bucket_s)


def queue_in(rows: Sequence[tuple[Any, ...]], bucket_s: float) -> Queue:
    """Return when requests queued; pure.

    Args:
        rows: Of concurrency.sql.
        bucket_s: Seconds of a bucket.

    """
    first, end, grown = _most_grown([row[1] - row[2] for row in rows])
    done = [(row[2], row[6]) for row in rows[:first] if row[2]]
    if not done or grown <= 0:
        return Queue(None, None, 0.0, 0.0, 0, 0, 0.0, "Nothing was answered before most requests came: there is no pace to compare with.")
    pace_s = sum(n * mean_ms for n, mean_ms in done) / sum(n for n, _ in done) / 1000
    expected = max(row[1] for row in rows[first:end]) / bucket_s * pace_s
    most = expected + DEVIATIONS * math.sqrt(max(expected, 1.0))
    usual = [place for place in range(first, end) if rows[place][5] <= most]
    if usual[-1:] == [end - 1]:
        return _told(rows, first, end, bucket_s, expected, is_queue=False)
    return _told(rows, usual[-1] + 1 if usual else first, end, bucket_s, expected, is_queue=True)


def _told(rows: Sequence[tuple[Any, ...]], first: int, end: int, bucket_s: float, expected: float, *, is_queue: bool) -> Queue:
    span = rows[first:end]
    seconds = len(span) * bucket_s
    came, left = (sum(row[column] for row in span) / seconds for column in (1, 2))
    before, after = int(rows[first - 1][5]), int(rows[end - 1][5])
    said = f"{came:.3g} requests/s came and {left:.3g} were answered: {before} in flight became {after}, {expected:.3g} at the pace before."
    if not is_queue:
        return Queue(None, None, came, left, before, after, expected, f"No queue. Where most piled up, {said}")
    since, until = span[0][0], span[-1][0]
    return Queue(since, until, came, left, before, after, expected, f"From {since:%Y-%m-%d %H:%M:%S} UTC on, for {seconds:g} s, {said}")


def _most_grown(net: Sequence[int]) -> tuple[int, int, int]:
    """Return the stretch whose sum is the largest, as first and end, and that sum (Kadane)."""
    best, start, total = (0, 0, 0), 0, 0
    for place, value in enumerate(net):
        if total <= 0:
            start, total = place, 0
        total += value
        if total > best[2]:
            best = (start, place + 1, total)
    return best
