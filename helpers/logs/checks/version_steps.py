"""Which routes became worse at exactly one version: more failures, or slower, compared route by route."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from helpers.logs.connect import LogFiles
from helpers.logs.steps import AT_VERSION, Step, is_felt, steps_of
from helpers.logs.versions import OnRoute, versions_of
from helpers.results import CheckResult, Status

__all__ = ["VersionStep", "version_steps"]


@dataclass(frozen=True, slots=True)
class VersionStep:
    """One route in one version, against the version before: `kind` is errors or latency, `when` where the change lies.

    `p_value` and `effect` are those of the comparison; `is_at_version` whether the change lies at the version's first request.
    """

    route: str
    version: str
    version_before: str
    kind: str
    when: str
    is_at_version: bool
    since: str
    requests: int
    error_pct: float
    p50_ms: float | None
    requests_before: int
    error_pct_before: float
    p50_ms_before: float | None
    effect: str
    p_value: float


async def version_steps(
    logs: LogFiles, *, route: str = "", since: str = "2h", slow_ms: float = 0.0, timeout_s: float = 60.0
) -> CheckResult[VersionStep]:
    """Routes that became worse from one version to the next, those that did so at the version's first request first.

    Args:
        logs: The profile's log files.
        route: `GET /orders`, or without the method; empty: all.
        since: From when on: `30m`, `2h`, a date and time, or empty for all.
        slow_ms: What users need not wait for: a route that became slower and is still quicker than that is left out. 0: none is.
        timeout_s: Seconds it may take.

    Returns:
        PROBLEM with a row per route that became worse; OK when none did; UNKNOWN when the log holds no two versions of any route. Facts: of
        the first row `route`, `version` and `version_before`; `routes_alike`: routes both versions served that did not become worse;
        `unfelt`: routes left out.

    Source: FAULTS.md E3; A. N. Pettitt, Applied Statistics 28 (1979), for the change point; helpers/statistics.py for the comparison.
    """
    found = await versions_of(logs, route, since, timeout_s)
    known = {one.version for one in found if one.version}
    steps, open_ = await asyncio.to_thread(steps_of, found)
    if not steps and (len(known) < 2 or len(open_) == _pairs(found)):
        remedy = "Widen `since` to before the deployment, and have each line say service_version (the commit's short hash)."
        return CheckResult(Status.UNKNOWN, reason="The log holds no two versions of a route with enough requests.", remedy=remedy)
    felt = [step for step in steps if not slow_ms or is_felt(step, slow_ms)]
    rows = sorted((_row(step) for step in felt), key=lambda row: (not row.is_at_version, row.p_value, row.route))
    unfelt = sorted({step.now.route for step in steps} - {step.now.route for step in felt})
    facts: dict[str, Any] = {"versions": sorted(known), "not_told": len(open_), "unfelt": unfelt}
    if not rows:
        said = (
            f" in a way that users feel: {', '.join(unfelt[:3])} became slower, and hardly anybody waits {slow_ms:g} ms" if unfelt else ""
        )
        return CheckResult(Status.OK, [], f"No route became worse from one version to the next{said}.", facts=facts)
    first = rows[0]
    worse = {row.route for row in rows if row.version == first.version}
    alike = sorted({one.route for one in found if one.version == first.version and one not in open_} - worse)
    facts |= {"route": first.route, "version": first.version, "version_before": first.version_before, "routes_alike": alike}
    said = f"{first.route} has {_said(first)} in version {first.version}, since {first.since}; the change lies {first.when}."
    return CheckResult(Status.PROBLEM, rows, said, facts=facts)


def _pairs(found: list[OnRoute]) -> int:
    known = [one for one in found if one.version]
    return len(known) - len({one.route for one in known})


def _said(row: VersionStep) -> str:
    if row.kind == "errors":
        return f"{row.error_pct:g} % failures instead of {row.error_pct_before:g} %"
    return f"a median of {row.p50_ms or 0:.0f} ms instead of {row.p50_ms_before or 0:.0f} ms"


def _row(step: Step) -> VersionStep:
    was, now = step.was, step.now
    return VersionStep(
        now.route, now.version, was.version, step.kind, step.when, step.when == AT_VERSION, f"{now.first_at:%Y-%m-%dT%H:%M:%SZ}",
        now.requests, round(100 * now.errors / now.requests, 2), now.p50_ms, was.requests, round(100 * was.errors / was.requests, 2),
        was.p50_ms, step.comparison.why, step.comparison.p_value,
    )  # fmt: skip
