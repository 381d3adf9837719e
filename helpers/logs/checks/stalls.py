"""Where the event loop stood still, by line of code, as the process itself saw it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.logs.connect import LogFiles
from helpers.logs.runtime_lines import NONE, REMEDY, runtime_lines
from helpers.results import CheckResult, Status

__all__ = ["Stall", "stalls"]


@dataclass(frozen=True, slots=True)
class Stall:
    """One line of own code at which the loop stood; empty and 0 where the stack held no own code. Times in ms.

    `callee` is the library's function it called there, empty where the line itself ran (or a function written in C did).
    """

    code_file_path: str
    code_line_number: int
    code_function_name: str
    code_text: str
    callee: str
    http_route: str
    processes: int
    stalls: int
    blocked_ms: float
    longest_ms: float
    stack: str


async def stalls(logs: LogFiles, *, since: str = "5m", timeout_s: float = 60.0) -> CheckResult[Stall]:
    """The lines at which the event loop stood still, the most time first.

    Args:
        logs: The profile's log files, of an application with helpers.asgi.RuntimeMiddleware.
        since: From when on: `60s`, `30m`, a date and time, or empty for all.
        timeout_s: Seconds it may take.

    Returns:
        PROBLEM with the lines, OK when the loop always came round; UNKNOWN without runtime lines. Facts: `lines` (runtime lines read),
        `processes`, `blocked_share` (of the process that stood still longest: blocked time ÷ time watched).

    """
    runtime, found = await runtime_lines(logs, "stall", since, timeout_s)
    if not runtime:
        return CheckResult(Status.UNKNOWN, reason=NONE, remedy=REMEDY, facts={"lines": 0})
    share = _share(runtime, found)
    facts = {"lines": len(runtime), "processes": len({line.get("pid") for line in runtime}), "blocked_share": round(share, 4)}
    rows = _grouped(found)
    if not rows:
        return CheckResult(Status.OK, [], f"The event loop came round all the time, in {facts['processes']} processes.", facts=facts)
    worst = rows[0]
    where = f"{worst.code_file_path}:{worst.code_line_number}" if worst.code_file_path else "no line of the application's own"
    said = (
        f"The event loop stood still for {share:.0%} of the time; most at {where} ({worst.stalls} times, up to {worst.longest_ms:,.0f} ms)."
    )
    return CheckResult(Status.PROBLEM, rows, said, facts=facts)


def _share(runtime: Sequence[dict[str, Any]], found: Sequence[dict[str, Any]]) -> float:
    """Of the process that stood still longest: a request goes to one process, and waits for that one."""
    watched: dict[Any, float] = defaultdict(float)
    blocked: dict[Any, float] = defaultdict(float)
    for line in runtime:
        watched[line.get("pid")] += float(line.get("interval_s", 0)) * 1000
    for line in _last_of_each(found):
        blocked[line.get("pid")] += float(line.get("blocked_ms", 0))
    return max((min(blocked[pid] / ms, 1.0) for pid, ms in watched.items() if ms), default=0.0)


def _last_of_each(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A stall that goes on is told again, longer: its last line counts."""
    longest: dict[tuple[Any, Any], dict[str, Any]] = {}
    for line in found:
        key = (line.get("pid"), line.get("number"))
        if key not in longest or line.get("blocked_ms", 0) > longest[key].get("blocked_ms", 0):
            longest[key] = line
    return list(longest.values())


def _grouped(found: Sequence[dict[str, Any]]) -> list[Stall]:
    groups: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for line in _last_of_each(found):
        groups[str(line.get("code_file_path", "")), int(line.get("code_line_number", 0))].append(line)
    rows = [_row(file, number, lines) for (file, number), lines in groups.items()]
    return sorted(rows, key=lambda row: -row.blocked_ms)


def _row(file: str, number: int, lines: list[dict[str, Any]]) -> Stall:
    times = [float(line.get("blocked_ms", 0)) for line in lines]
    longest = lines[times.index(max(times))]
    routes = sorted({str(line["http_route"]) for line in lines if line.get("http_route")})
    return Stall(
        file, number, str(longest.get("code_function_name", "")), str(longest.get("code_text", "")), str(longest.get("callee", "")),
        ", ".join(routes[:5]), len({line.get("pid") for line in lines}), len(lines), sum(times), max(times),
        " → ".join(map(str, longest.get("stack", ())[-6:])),
    )  # fmt: skip
