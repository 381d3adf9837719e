"""Which versions served which routes, since when, and how well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from helpers.logs.connect import LogFiles
from helpers.logs.versions import versions_of
from helpers.results import CheckResult, Status

__all__ = ["Deployed", "deployments"]


@dataclass(frozen=True, slots=True)
class Deployed:
    """One version on one route: its first and last request, how many, the share that ended with 500 or above, and percentiles in ms."""

    version: str
    route: str
    first_at: str
    last_at: str
    requests: int
    error_pct: float
    p50_ms: float | None
    p95_ms: float | None


async def deployments(logs: LogFiles, *, route: str = "", since: str = "2h", timeout_s: float = 60.0) -> CheckResult[Deployed]:
    """Versions by route, in the order in which they came.

    Args:
        logs: The profile's log files.
        route: `GET /orders`, or without the method; empty: all.
        since: From when on: `30m`, `2h`, a date and time, or empty for all.
        timeout_s: Seconds it may take.

    Returns:
        OK with a row per version and route; UNKNOWN when no request was logged, or no line says which version served it. Facts: `versions`
        in the order of their first request.

    Source: OpenTelemetry semantic conventions, service.version; Vercel documentation, "Log Drains", deploymentId.
    """
    found = await versions_of(logs, route, since, timeout_s)
    if not found:
        return CheckResult(Status.UNKNOWN, reason="No request was logged in this time.", remedy="Widen `since`.")
    versions = list(dict.fromkeys(one.version for one in sorted(found, key=lambda one: one.first_at) if one.version))
    if not versions:
        remedy = "Have each line say service_version (the commit's short hash)."
        return CheckResult(Status.UNKNOWN, reason="No line says which version served the request.", remedy=remedy)
    rows = [
        Deployed(
            one.version, one.route, _said(one.first_at), _said(one.last_at), one.requests, round(100 * one.errors / one.requests, 2),
            one.p50_ms, one.p95_ms,
        )
        for one in sorted(found, key=lambda one: (one.first_at, one.route))
    ]  # fmt: skip
    said = f"{len(versions)} versions served {len({row.route for row in rows})} routes; {versions[-1]} came last."
    return CheckResult(Status.OK, rows, said, facts={"versions": versions})


def _said(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"
