"""What the requests that fail have in common, and those that do not fail lack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.logs.connect import LogFiles
from helpers.logs.inputs import Asked, Trait, traits_of
from helpers.results import CheckResult, Status

__all__ = ["failing_requests"]

MOST = 20_000  # requests: the newest, failed ones first
_SQL = Path(__file__).with_suffix(".sql")


@dataclass(frozen=True, slots=True)
class _Route:
    method: str
    route: str

    def __str__(self) -> str:
        return f"{self.method} {self.route}".strip()


async def failing_requests(logs: LogFiles, *, route: str = "", since: str = "15m", timeout_s: float = 60.0) -> CheckResult[Trait]:
    """Traits of what was asked that tell failed requests (500 and above) from others, the surest first.

    A trait is a parameter that is there, what kind of value it has (empty, negative, no `@` …), or one value of few. Kept are those that nearly
    every failed request has and hardly another one, by Fisher's exact test, corrected for their number (Bonferroni).

    Args:
        logs: The profile's log files.
        route: `GET /customers`, or without the method; empty: the route with the most failures.
        since: From when on: `30m`, `2h`, a date and time, or empty for all.
        timeout_s: Seconds it may take.

    Returns:
        PROBLEM with the traits (none: what was asked does not explain it), OK when nothing failed, UNKNOWN without requests. Facts: `route`,
        `failed`, `succeeded`, `versions` (of those that failed), `first_at`, `example` (the shortest request that failed).

    Source: R. A. Fisher, Statistical Methods for Research Workers, §21.02; FAULTS.md A6.
    """
    rows = await logs.ask_sql(_SQL, since, timeout_s=timeout_s, route=route.strip(), most=MOST)
    if not rows:
        return CheckResult(Status.OK, [], f"No request{f' of {route}' if route else ''} failed in this time.", facts={"failed": 0})
    asked = [Asked(str(row[3] or ""), str(row[4] or ""), int(row[5]) >= 500) for row in rows]
    where = _Route(str(rows[0][1] or ""), str(rows[0][2] or ""))
    traits = traits_of(where.route, asked)
    failed = [row for row in rows if int(row[5]) >= 500]
    facts = {
        "route": str(where),
        "failed": len(failed),
        "succeeded": len(rows) - len(failed),
        "versions": sorted({str(row[6]) for row in failed if row[6]}),
        "first_at": f"{min(row[0] for row in failed):%Y-%m-%dT%H:%M:%SZ}" if failed[0][0] else "",
        "example": f"{where.method} {_example(failed)}",
    }
    told = f"; all that fail: {traits[0].said}" if traits else "; what was asked does not tell them from the others"
    return CheckResult(Status.PROBLEM, traits, f"{len(failed)} of {len(rows)} requests of {where} failed{told}.", facts=facts)


def _example(failed: Sequence[Sequence[object]]) -> str:
    paths = [f"{row[3]}?{row[4]}" if row[4] else str(row[3]) for row in failed]
    return min(paths, key=lambda path: (len(path), path))
