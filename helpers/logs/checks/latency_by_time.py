"""How long requests took, by time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from helpers.logs.connect import LogFiles
from helpers.results import CheckResult, Status

__all__ = ["LatencyCell", "latency_by_time"]

PER_DECADE = 5
_SQL = Path(__file__).with_suffix(".sql")


@dataclass(frozen=True, slots=True)
class LatencyCell:
    """`requests` that ended from `at` (UTC) on, for `for_s` seconds, and took `from_ms` to `to_ms`."""

    at: str
    for_s: float
    from_ms: float
    to_ms: float
    requests: int


async def latency_by_time(logs: LogFiles, *, since: str = "1h", timeout_s: float = 60.0) -> CheckResult[LatencyCell]:
    """The cells of a heat map, in order of time and duration.

    Args:
        logs: The profile's log files.
        since: From when on: `30m`, `2h`, a date and time, or empty for all.
        timeout_s: Seconds it may take.

    Returns:
        OK with the cells that have requests, time in at most 60 steps, five steps a power of ten of milliseconds; UNKNOWN when no request
        was logged with its duration.

    """
    rows = await logs.ask_sql(_SQL, since, timeout_s=timeout_s)
    if not rows:
        return CheckResult(Status.UNKNOWN, reason="No request was logged with its duration in this time.", remedy="Widen `since`.")
    cells = [
        LatencyCell(f"{at:%Y-%m-%dT%H:%M:%SZ}", for_s, round(_edge(step), 3), round(_edge(step + 1), 3), requests)
        for at, for_s, step, requests in rows
    ]
    total = sum(cell.requests for cell in cells)
    return CheckResult(Status.OK, cells, f"{total:,} requests since {cells[0].at}.", facts={"requests": total})


def _edge(step: int) -> float:
    return float(10 ** (step / PER_DECADE))
