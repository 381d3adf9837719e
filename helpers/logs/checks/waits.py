"""Where requests that took long waited, by line of code, as the process itself saw it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from helpers.logs.connect import LogFiles
from helpers.logs.runtime_lines import NONE, REMEDY, runtime_lines
from helpers.results import CheckResult, Status

__all__ = ["Wait", "waits"]


_KEY = ("http_route", "code_file_path", "code_line_number", "callee", "peer")


@dataclass(frozen=True, slots=True)
class Wait:
    """Requests of one route that waited at one line of own code.

    `callee` is the library's function that they awaited there, `peer` the host and port where that is an HTTP client's.
    `seen` counts looks: a request that waits for long is seen in each. `most` waited at once, the longest for `oldest_ms` by then.
    """

    http_route: str
    code_file_path: str
    code_line_number: int
    code_function_name: str
    code_text: str
    callee: str
    peer: str
    seen: int
    most: int
    oldest_ms: float
    stack: str


async def waits(logs: LogFiles, *, since: str = "5m", timeout_s: float = 60.0) -> CheckResult[Wait]:
    """Where requests waited that took longer than a second, the most seen first.

    Args:
        logs: The profile's log files, of an application with helpers.asgi.RuntimeMiddleware.
        since: From when on: `60s`, `30m`, a date and time, or empty for all.
        timeout_s: Seconds it may take.

    Returns:
        PROBLEM with the lines, OK when no request took that long; UNKNOWN without runtime lines. Facts: `lines` (runtime lines read).

    """
    runtime, found = await runtime_lines(logs, "waits", since, timeout_s)
    if not runtime:
        return CheckResult(Status.UNKNOWN, reason=NONE, remedy=REMEDY, facts={"lines": 0})
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for one in (one for line in found for one in line.get("waiting", ()) if isinstance(one, dict)):
        groups[tuple(str(one.get(name, "")) for name in _KEY)].append(one)
    rows = sorted((_row(ones) for ones in groups.values()), key=lambda row: -row.seen)
    facts = {"lines": len(runtime)}
    if not rows:
        return CheckResult(Status.OK, [], "No request took longer than a second.", facts=facts)
    top = rows[0]
    where = f"{top.code_file_path}:{top.code_line_number}" if top.code_file_path else "no line of the application's own"
    said = f"Requests of {top.http_route or 'no route'} wait at {where}, in {top.callee or top.code_function_name}, for {top.oldest_ms:,.0f} ms and more."
    return CheckResult(Status.PROBLEM, rows, said, facts=facts)


def _row(ones: list[dict[str, Any]]) -> Wait:
    text = {
        name: str(ones[0].get(name, "")) for name in ("http_route", "code_file_path", "code_function_name", "code_text", "callee", "peer")
    }
    counts = [int(one.get("n", 1)) for one in ones]
    return Wait(
        **text,
        code_line_number=int(ones[0].get("code_line_number", 0)),
        seen=sum(counts),
        most=max(counts),
        oldest_ms=max(float(one.get("oldest_ms", 0)) for one in ones),
        stack=" → ".join(map(str, ones[0].get("stack", ())[-6:])),
    )
