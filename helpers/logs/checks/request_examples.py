"""Which GET requests of each route fail or are slow, with one of them to ask again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.logs.connect import LogFiles
from helpers.results import CheckResult, Status

__all__ = ["RequestExample", "request_examples"]

MOST = 50  # routes, those that take most time in all first
MOST_FAILING = 3
FEWEST = 5  # requests, below which a 95th percentile says nothing
_SQL = Path(__file__).with_suffix(".sql")


@dataclass(frozen=True, slots=True)
class RequestExample:
    """One route: how its GETs went, `p95_ms` (None: the log has no durations), the shortest that failed and the slowest that did not.

    `succeeded` were answered below 400. What ends in `_lately` is of the log's last half minute, and but for `failed_lately` of those;
    `kept_lately` came from a cache on the way, files left out.
    """

    route: str
    requests: int
    failed: int
    failed_lately: int
    p95_ms: float | None
    total_ms: float
    failing: str
    slow: str
    succeeded: int = 0
    requests_lately: int = 0
    p95_ms_lately: float | None = None
    mean_ms_lately: float | None = None
    kept_lately: int = 0


async def request_examples(logs: LogFiles, *, since: str = "5m", timeout_s: float = 20.0) -> CheckResult[RequestExample]:
    """Return one row per route that was asked by GET.

    Args:
        logs: The profile's log files.
        since: From when on: `5m`, `2h`, a date and time, or empty for all.
        timeout_s: Seconds it may take.

    Returns:
        PROBLEM when a GET failed (500 and above), otherwise OK; UNKNOWN without requests. Facts: `failing`, the examples of up to
        3 routes, those that fail lately first, then those with most failures; `slow`, that of the route with the highest 95th percentile lately,
        of those asked 5 times or more (of all the time where lately there is none), empty where there is none; `slowest`, one that succeeded of each
        route, those with the longest mean lately first; where the log has no durations, those asked most lately; `kept`, one of each route that
        a cache answered lately, those it answered most first.

    """
    rows = [RequestExample(f"{r[0]} {r[1]}", int(r[2]), int(r[3]), int(r[4]), _ms(r[5]),
                           float(r[6]), f"{r[0]} {r[7]}" if r[7] else "", f"{r[0]} {r[8]}" if r[8] else "", int(r[9]), int(r[10]), _ms(r[11]),
                           _ms(r[12]), int(r[13]))
            for r in await logs.ask_sql(_SQL, since, timeout_s=timeout_s, most=MOST)]  # fmt: skip
    if not rows:
        return CheckResult(
            Status.UNKNOWN, [], reason=f"The log has no GET since {since or 'its beginning'}.", remedy="Is it the log in use?"
        )
    failing = sorted((row for row in rows if row.failed), key=lambda row: (-row.failed_lately, -row.failed))[:MOST_FAILING]
    # stable: by their time in all where both are equal
    by_mean = sorted(rows, key=lambda row: (-(row.mean_ms_lately or 0.0), -row.requests_lately))
    kept = sorted((row for row in rows if row.kept_lately), key=lambda row: -row.kept_lately)
    facts = {"failing": [row.failing for row in failing], "slow": _slowest(rows),
             "slowest": [row.slow for row in by_mean if row.succeeded], "kept": [row.slow for row in kept],
             "requests": sum(row.requests for row in rows)}  # fmt: skip
    if failing:
        told = f"{failing[0].failed} of {failing[0].requests} requests of {failing[0].route} failed"
        return CheckResult(Status.PROBLEM, rows, f"{told}.", facts=facts)
    return CheckResult(Status.OK, rows, f"None of {facts['requests']} GET requests failed.", facts=facts)


def _slowest(rows: Sequence[RequestExample]) -> str:
    lately = [(row.p95_ms_lately, row.slow) for row in rows if row.p95_ms_lately is not None and row.requests_lately >= FEWEST]
    timed = lately or [(row.p95_ms, row.slow) for row in rows if row.p95_ms is not None and row.requests >= FEWEST]
    return max(timed, key=lambda one: one[0])[1] if timed else ""


def _ms(value: object) -> float | None:
    return None if value is None else round(float(str(value)), 1)
