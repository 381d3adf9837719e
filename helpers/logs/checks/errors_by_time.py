"""What failed, by time, and when another version came."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from helpers.logs.connect import LogFiles
from helpers.results import CheckResult, Status

__all__ = ["ErrorsAt", "errors_by_time"]

_SQL = Path(__file__).with_suffix(".sql")


@dataclass(frozen=True, slots=True)
class ErrorsAt:
    """Requests from `at` (UTC) on, for `for_s` seconds: 5xx are `errors`, 4xx `client_errors`; `new_version` was not seen before, if any."""

    at: str
    for_s: float
    requests: int
    errors: int
    client_errors: int
    new_version: str


async def errors_by_time(logs: LogFiles, *, since: str = "1h", timeout_s: float = 60.0) -> CheckResult[ErrorsAt]:
    """Errors by time in at most 60 steps, with the first sight of each version or deployment.

    Args:
        logs: The profile's log files.
        since: From when on: `30m`, `2h`, a date and time, or empty for all.
        timeout_s: Seconds it may take.

    Returns:
        OK with a row per step that has requests; UNKNOWN when no request was logged.

    """
    found = await logs.ask_sql(_SQL, since, timeout_s=timeout_s)
    if not found:
        return CheckResult(Status.UNKNOWN, reason="No request was logged in this time.", remedy="Widen `since`.")
    known, rows = set(found[0][5]), []
    for at, for_s, requests, errors, client_errors, versions in found:
        new = ", ".join(version for version in versions if version is not None and version not in known)
        known |= set(versions)
        rows.append(ErrorsAt(f"{at:%Y-%m-%dT%H:%M:%SZ}", for_s, requests, errors, client_errors, new))
    requests, errors = sum(row.requests for row in rows), sum(row.errors for row in rows)
    said = f"{errors:,} of {requests:,} requests failed since {rows[0].at}."
    return CheckResult(Status.OK, rows, said, facts={"requests": requests, "errors": errors})
