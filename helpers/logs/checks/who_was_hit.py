"""Who was hit, and since when, as the application's own log has it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from helpers.logs.connect import LogFiles
from helpers.logs.engine import Logs
from helpers.logs.onset import FEWEST, P, pettitt
from helpers.results import CheckResult, Status

__all__ = ["Hit", "judge", "who_was_hit"]

LAST_S = 3600.0
TIMEOUT_S = 30.0
MOST = 10
FEWEST_REQUESTS = 30
WORSE_POINTS = 1.0  # per cent of a route's requests: what fewer users notice than a 99 % objective allows is not a hit
STANDING_PCT = (
    1.0  # of requests failing without a beginning: the usual objective of 99 % is missed (Google SRE workbook, "Implementing SLOs")
)
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Hit:
    """One route since the moment, against the time before it; `who_hit` counts tenants, or client addresses, with a request that went wrong."""

    route: str
    requests: int
    failed_pct_before: float | None
    failed_pct: float | None
    p95_ms_before: float | None
    p95_ms: float | None
    who_hit: int


async def who_was_hit(logs: LogFiles, *, last_s: float = LAST_S, timeout_s: float = TIMEOUT_S) -> CheckResult[Hit]:
    """The routes that fail or are slower since a moment, worst first; it names no cause.

    Args:
        logs: The profile's log files.
        last_s: Seconds back from now that are looked at.
        timeout_s: Seconds it may take.

    Returns:
        PROBLEM with the moment and a row per route; OK when no moment stands out and few requests fail; UNKNOWN without enough requests.
        A request went wrong when it failed (5xx) or took more than four times what the quickest quarter of its route takes. The moment is
        where the share of such requests changes, by Pettitt's test (helpers/logs/onset.py).

    """
    began = time.monotonic()
    since = datetime.now(UTC) - timedelta(seconds=last_s)
    found = await logs.ask(_asked, since, timeout_s=timeout_s)
    return judge(*found, last_s=last_s, took_s=time.monotonic() - began)


def _asked(logs: Logs) -> tuple[list[tuple[Any, ...]], int, list[tuple[Any, ...]]]:
    """Return the requests by time, where they change (0: nowhere), and the routes before and after."""
    series = logs.rows((_HERE / "hit_by_time.sql").read_text(encoding="utf-8"))
    place = _onset(series)
    if not place:
        return series, 0, []
    return series, place, logs.rows((_HERE / "hit_by_route.sql").read_text(encoding="utf-8"), {"at": series[place][0]})


def _onset(series: Sequence[tuple[Any, ...]]) -> int:
    """Return the bucket from which more requests go wrong; 0 where none is."""
    if len(series) < FEWEST:
        return 0
    place, p = pettitt([wrong / requests for _, requests, wrong, _ in series])
    return place if p < P and _pct(series[place:], 2) > _pct(series[:place], 2) else 0


def judge(
    series: Sequence[tuple[Any, ...]], place: int, routes: Sequence[tuple[Any, ...]], *, last_s: float, took_s: float = 0.0
) -> CheckResult[Hit]:
    """Return the answer; pure.

    Args:
        series: Rows of hit_by_time.sql.
        place: The bucket from which more requests go wrong; 0: none.
        routes: Rows of hit_by_route.sql.
        last_s: Seconds that were looked at.
        took_s: Seconds it took.

    """
    requests, failed = sum(row[1] for row in series), sum(row[3] for row in series)
    minutes = f"{last_s / 60:,.0f} min"
    facts = {"requests": requests, "failed": failed, "last_s": last_s, "took_s": round(took_s, 2), "since": ""}
    if requests < FEWEST_REQUESTS:
        reason = f"{requests} requests were logged in the last {minutes}; {FEWEST_REQUESTS} are needed to tell."
        return CheckResult(Status.UNKNOWN, reason=reason, remedy="Are `logs` in the profile the files in use?", facts=facts)
    if not place:
        share = 100 * failed / requests
        said = f"{share:.2g} % of {requests:,} requests failed in the last {minutes}, and no moment stands out."
        return CheckResult(Status.PROBLEM if share >= STANDING_PCT else Status.OK, summary=said, facts=facts)
    rows = [Hit(*row[:7]) for row in routes if row[1] and (row[8] or 0.0) >= (row[7] or 0.0) + WORSE_POINTS][:MOST]
    at, later = series[place][0], series[place:]
    facts |= {
        "since": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "wrong_pct_before": round(_pct(series[:place], 2), 2),
        "wrong_pct": round(_pct(later, 2), 2),
    }
    return CheckResult(Status.PROBLEM, rows, _said(at, series, place, rows), facts=facts)


def _said(at: datetime, series: Sequence[tuple[Any, ...]], place: int, rows: Sequence[Hit]) -> str:
    before, later = series[:place], series[place:]
    worst = f" Most of all {rows[0].route}: {_change(rows[0])}." if rows else ""
    most = max((row.who_hit for row in rows), default=0)
    who = f" At least {most:,} tenants or clients had such a request." if most else ""
    return (
        f"Since {at:%H:%M:%S} UTC {_pct(later, 2):.3g} % of {sum(row[1] for row in later):,} requests fail or are slow, "
        f"{_pct(before, 2):.3g} % before.{worst}{who}"
    )


def _change(row: Hit) -> str:
    parts = []
    if row.p95_ms is not None:
        parts.append(f"p95 {row.p95_ms:,.0f} ms" + (f" ({row.p95_ms_before:,.0f} ms before)" if row.p95_ms_before is not None else ""))
    if row.failed_pct:
        parts.append(f"{row.failed_pct:.3g} % failed ({row.failed_pct_before or 0:.3g} % before)")
    return ", ".join(parts)


def _pct(series: Sequence[tuple[Any, ...]], column: int) -> float:
    part, whole = (float(sum(row[number] for row in series)) for number in (column, 1))
    return 100 * part / max(whole, 1.0)
