"""The routes, by the time they took, and how their latency went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.logs.connect import LogFiles
from helpers.results import CheckResult, Status

__all__ = ["STEPS", "RouteLine", "routes_by_time"]

STEPS = 31  # the last entry may fall just behind thirty steps
_SQL = Path(__file__).with_suffix(".sql")


@dataclass(frozen=True, slots=True)
class RouteLine:
    """One route: `time_pct` is its share of all requests' time; `p95_by_time` its p95 in ms by step, None where it had no request."""

    route: str
    requests: int
    errors: int
    time_pct: float | None
    p50_ms: float | None
    p95_ms: float | None
    p95_by_time: Sequence[float | None]


async def routes_by_time(logs: LogFiles, *, since: str = "1h", timeout_s: float = 60.0) -> CheckResult[RouteLine]:
    """The forty routes that took most time, the first most.

    Args:
        logs: The profile's log files.
        since: From when on: `30m`, `2h`, a date and time, or empty for all.
        timeout_s: Seconds it may take.

    Returns:
        OK with a row per route, time in at most 31 steps; UNKNOWN when no request was logged.

    """
    found = await logs.ask_sql(_SQL, since, timeout_s=timeout_s)
    if not found:
        return CheckResult(Status.UNKNOWN, reason="No request was logged in this time.", remedy="Widen `since`.")
    total = sum(row[3] or 0.0 for row in found)
    rows = []
    for route, requests, errors, spent, p50, p95, places, p95s in found:
        by_time: list[float | None] = [None] * STEPS
        for place, value in zip(places, p95s, strict=True):
            by_time[min(place, STEPS - 1)] = value
        rows.append(RouteLine(route, requests, errors, round(100 * spent / total, 1) if spent and total else None, p50, p95, by_time))
    said = f"{len(rows)} routes; {rows[0].route} took {rows[0].time_pct or 0:g} % of the time."
    return CheckResult(Status.OK, rows, said)
