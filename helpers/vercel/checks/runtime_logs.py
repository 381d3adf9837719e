"""What a deployment's functions wrote, from the platform's own log: warnings and errors by their words."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from helpers.redaction import redact
from helpers.results import CheckResult, Status
from helpers.vercel.answers import instant
from helpers.vercel.connect import Vercel

__all__ = ["LoggedError", "runtime_logs"]

_BAD = ("error", "fatal")
_VALUES = re.compile(r"\d[\w.:-]*|\"[^\"]*\"|'[^']*'|\S*=\S+")  # what differs from line to line, and may be anybody's


@dataclass(frozen=True, slots=True)
class LoggedError:
    """Lines of one kind: their words without values, the route, how many, the last one's time (UTC) and status."""

    words: str
    route: str
    level: str
    count: int
    last: str
    status: int


async def runtime_logs(vercel: Vercel, *, deployment: str = "", most: int = 2000, window_s: float = 5.0) -> CheckResult[LoggedError]:
    """Errors of a deployment, grouped.

    Args:
        vercel: The project.
        deployment: Its id; empty: the one that serves production.
        most: Lines that are read.
        window_s: Seconds it is read for; the platform keeps sending what is written meanwhile.

    Returns:
        PROBLEM with one row per kind of error, the most frequent first; OK without any; UNKNOWN when no deployment is known. Facts: `lines`,
        `whole` (whether the log ended before it was left).

    Raises:
        SystemProblem: the API cannot be asked.

    Source: Vercel documentation, REST API, Get logs for a deployment.
    """
    chosen = deployment or (await vercel.described())["live"]
    if not chosen:
        return CheckResult(Status.UNKNOWN, reason="Which deployment serves production is not known.", remedy="Give `deployment`.")
    lines, whole = await vercel.runtime_logs(chosen, most=most, for_s=window_s)
    rows = _grouped([one for one in lines if one.get("level") in _BAD])
    facts = {"lines": len(lines), "whole": whole}
    if not rows:
        return CheckResult(Status.OK, (), f"No error in {len(lines)} lines of {chosen}.", facts=facts)
    return CheckResult(Status.PROBLEM, rows, f"{sum(r.count for r in rows)} errors in {len(lines)} lines of {chosen}.", facts=facts)


def _grouped(lines: list[dict[str, Any]]) -> list[LoggedError]:
    count: Counter[tuple[str, str, str]] = Counter()
    last: dict[tuple[str, str, str], dict[str, Any]] = {}
    for one in lines:
        first = redact(str(one.get("message") or "").strip().split("\n", 1)[0][:400])
        path = str(one.get("requestPath") or "").split("?", 1)[0]
        key = (_VALUES.sub("…", first)[:200], f"{one.get('requestMethod') or ''} {path}".strip(), str(one.get("level")))
        count[key] += 1
        last[key] = one
    return [
        LoggedError(*key, number, instant(last[key].get("timestampInMs")), int(last[key].get("responseStatusCode") or 0))
        for key, number in count.most_common()
    ]
