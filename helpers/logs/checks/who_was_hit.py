"""Who was hit, and since when, as the application's own log has it."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from helpers.logs import hits
from helpers.logs.changes import FAILED, Change, Rows, change_of, share
from helpers.logs.connect import LogFiles
from helpers.logs.engine import Logs
from helpers.logs.moments import moment
from helpers.results import CheckResult, Status, row_dict

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


async def who_was_hit(
    logs: LogFiles, *, last_s: float = LAST_S, since: str | None = None, timeout_s: float = TIMEOUT_S
) -> CheckResult[Hit]:
    """The routes that fail or are slower since a moment, worst first; it names no cause.

    Args:
        logs: The profile's log files.
        last_s: Seconds back from now that are looked at.
        since: From when on instead: `30m`, `2h`, a date and time, or empty for all.
        timeout_s: Seconds it may take.

    Returns:
        PROBLEM with the moment and a row per route; OK when no moment stands out and few requests fail; UNKNOWN without enough requests, or
        when they lie too close together to have a before. The facts have the counts by time, and the tenants, versions, deployments, regions
        and hosts that have more of what went wrong than of the traffic.
        A request went wrong when it failed (5xx) or took more than four times what the quickest quarter of its route takes. The moment is
        where the share of such requests changes, or that of the failed ones alone (helpers/logs/changes.py).

    """
    began, now = time.monotonic(), datetime.now(UTC)
    at = now - timedelta(seconds=last_s) if since is None else moment(since, now=now)
    found = await logs.ask(_asked, at, timeout_s=timeout_s)
    last_s = (now - at).total_seconds() if at else math.inf
    return judge(*found, last_s=last_s, took_s=time.monotonic() - began)


def _asked(logs: Logs) -> tuple[Rows, Change, Rows, Rows]:
    """Return the requests by time, where they change, and from there on the routes and the other parts before and after."""
    series = logs.rows(_sql("hit_by_time"))
    change = change_of(series)
    if not change.place:
        return series, change, [], []
    how = {"at": series[change.place][0], "only_failed": change.column == FAILED}
    return series, change, logs.rows(_sql("hit_by_route"), how), logs.rows(_sql("hit_by_part"), how)


def _sql(name: str) -> str:
    return (_HERE / f"{name}.sql").read_text(encoding="utf-8")


def judge(series: Rows, change: Change, routes: Rows, parts: Rows = (), *, last_s: float, took_s: float = 0.0) -> CheckResult[Hit]:
    """Return the answer; pure.

    Args:
        series: Rows of hit_by_time.sql.
        change: From where on more requests go wrong.
        routes: Rows of hit_by_route.sql.
        parts: Rows of hit_by_part.sql.
        last_s: Seconds that were looked at; infinite: all that is logged.
        took_s: Seconds it took.

    """
    requests, failed, when = sum(row[1] for row in series), sum(row[FAILED] for row in series), hits.reach(series, last_s)
    facts: dict[str, Any] = {"requests": requests, "failed": failed, "took_s": round(took_s, 2), "since": "", "what": change.what}
    facts |= {"last_s": last_s if math.isfinite(last_s) else None, "by_time": hits.by_time(series, change.column)}
    if requests < FEWEST_REQUESTS:
        reason = f"{requests} requests were logged in {when}; {FEWEST_REQUESTS} are needed to tell."
        return CheckResult(Status.UNKNOWN, reason=reason, remedy="Are `logs` in the profile the files in use?", facts=facts)
    if not change.place:
        return _without_moment(100 * failed / requests, requests, when, facts, told=change.is_told)
    rows = [Hit(*row[:7]) for row in routes if row[1] and (row[8] or 0.0) >= (row[7] or 0.0) + WORSE_POINTS][:MOST]
    before, later, out = *change.sides(series), hits.standing_out(parts)
    facts |= {"since": f"{later[0][0]:%Y-%m-%dT%H:%M:%SZ}", "parts": [row_dict(part) for part in out[:MOST]]}
    facts |= {"wrong_pct_before": round(share(before, change.column), 2), "wrong_pct": round(share(later, change.column), 2)}
    said = [_said(before, later, change, rows), hits.people(parts), *hits.where_most(out, sum(row[1] for row in later))]
    return CheckResult(Status.PROBLEM, rows, " ".join(sentence for sentence in said if sentence), facts=facts)


def _without_moment(failed_pct: float, requests: int, when: str, facts: dict[str, Any], *, told: bool) -> CheckResult[Hit]:
    said = f"{failed_pct:.2g} % of {requests:,} requests failed in {when}"
    if failed_pct >= STANDING_PCT:
        ending = "and no moment stands out" if told else "too short a time to tell since when"
        return CheckResult(Status.PROBLEM, summary=f"{said}, {ending}.", facts=facts)
    if told:
        return CheckResult(Status.OK, summary=f"{said}, and no moment stands out.", facts=facts)
    reason = f"{said}: too short a time to tell whether they are slower than before."
    return CheckResult(
        Status.UNKNOWN, reason=reason, remedy="Ask again when more is logged, or add the older files to `logs`.", facts=facts
    )


def _said(before: Rows, later: Rows, change: Change, rows: Sequence[Hit]) -> str:
    worst = f" Most of all {rows[0].route}: {_change(rows[0])}." if rows else ""
    return (
        f"Since {later[0][0]:%Y-%m-%d %H:%M:%S} UTC {share(later, change.column):.3g} % of {sum(row[1] for row in later):,} requests "
        f"{change.what}, {share(before, change.column):.3g} % before.{worst}"
    )


def _change(row: Hit) -> str:
    parts = []
    if row.p95_ms is not None:
        parts.append(f"p95 {row.p95_ms:,.0f} ms" + (f" ({row.p95_ms_before:,.0f} ms before)" if row.p95_ms_before is not None else ""))
    if row.failed_pct:
        parts.append(f"{row.failed_pct:.3g} % failed ({row.failed_pct_before or 0:.3g} % before)")
    return ", ".join(parts)
