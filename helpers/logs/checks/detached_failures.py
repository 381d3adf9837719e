"""What failed after its request had been answered, and which routes were answered well meanwhile."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from helpers.logs.connect import LogFiles
from helpers.logs.moments import moment
from helpers.logs.probes.failures_after_answers import DETACHED
from helpers.results import CheckResult, Status

__all__ = ["DetachedFailure", "detached_failures", "plain"]

_LINES = """
    select left(body, 2000), cast(timestamp as varchar) from entries
    where regexp_matches(body, $words, 'i') order by timestamp desc limit 5000
"""
_ASKED = """
    select http_request_method, url_path, count(*) from entries
    where http_response_status_code between 200 and 399 and url_path is not null and http_request_method is not null
    group by all order by 3 desc limit 2000
"""


@dataclass(frozen=True, slots=True)
class DetachedFailure:
    """One kind of failure: its words without values, how often, and when first and last."""

    error: str
    count: int
    first: str
    last: str


async def detached_failures(logs: LogFiles, *, since: str = "30m", timeout_s: float = 60.0) -> CheckResult[DetachedFailure]:
    """Failures of work that no request waited for, by their words.

    Args:
        logs: The profile's log files.
        since: From when on: `30m`, a date and time, or empty for all.
        timeout_s: Seconds it may take.

    Returns:
        PROBLEM with a row per kind, the most frequent first; OK when there are none. Facts: `failures`, `answered`: method and path of requests
        that were answered well, with how often.

    Source: FAULTS.md B2.
    """
    lines = await logs.ask(lambda entries: entries.rows(_LINES, {"words": DETACHED}), moment(since), timeout_s=timeout_s)
    asked = await logs.ask(lambda entries: entries.rows(_ASKED, {}), moment(since), timeout_s=timeout_s)
    counts = Counter(plain(body) for body, _ in lines)
    times = {error: [at for body, at in lines if plain(body) == error] for error in counts}
    rows = [DetachedFailure(error, count, min(times[error]), max(times[error])) for error, count in counts.most_common(20)]
    facts = {"failures": len(lines), "answered": {f"{method} {path}": count for method, path, count in asked}}
    if not rows:
        return CheckResult(Status.OK, [], "No work that nobody waits for failed.", facts=facts)
    return CheckResult(Status.PROBLEM, rows, f"{len(lines)} failures of work that nobody waited for; most: {rows[0].error}.", facts=facts)


def plain(body: str) -> str:
    """Return the first line of an error without the values in it. Pure."""
    first = re.sub(rf"^\W*({DETACHED})\W*", "", body.strip().splitlines()[0] if body.strip() else "", flags=re.IGNORECASE)
    return re.sub(r"\"[^\"]*\"|'[^']*'|\b\d[\d.]*\b", "…", first)[:200]
