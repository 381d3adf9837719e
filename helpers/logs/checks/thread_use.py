"""Who has the threads of a Python API once all are taken: by route, and by the line of code each stands at."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.logs.connect import LogFiles
from helpers.logs.runtime_lines import NONE, REMEDY, runtime_lines
from helpers.results import CheckResult, Status

__all__ = ["ThreadUse", "thread_use"]


@dataclass(frozen=True, slots=True)
class ThreadUse:
    """One line of own code at which threads stood, once all were taken: `share` of the threads seen, `most` at one look.

    `callee` is the library's function it called there.
    """

    code_file_path: str
    code_line_number: int
    code_function_name: str
    code_text: str
    callee: str
    share: float
    most: int


async def thread_use(logs: LogFiles, *, since: str = "5m", timeout_s: float = 60.0) -> CheckResult[ThreadUse]:
    """The lines at which threads stand while work waits for one, the most first.

    Args:
        logs: The profile's log files, of an application with helpers.asgi.RuntimeMiddleware.
        since: From when on: `60s`, `30m`, a date and time, or empty for all.
        timeout_s: Seconds it may take.

    Returns:
        PROBLEM when work waited for a thread, OK when never; UNKNOWN without runtime lines. Facts: `lines`, `total` threads, `waiting_share`
        of the looks and `waiting_most`, `needed` (most taken and waited for at once), `by_route` (share of the threads) and
        `waiting_by_route` (share of what waits).

    """
    found, _ = await runtime_lines(logs, "runtime", since, timeout_s)
    if not found:
        return CheckResult(Status.UNKNOWN, reason=NONE, remedy=REMEDY, facts={"lines": 0})
    threads = [line.get("threads") or {} for line in found]
    waiting = [int(n) for line in found for n in (line.get("looks") or {}).get("threads_waiting") or ()]
    waiting = waiting or [int(one.get("waiting", 0)) for one in threads]
    most, total = max(waiting), max(int(one.get("total", 0)) for one in threads)
    facts: dict[str, Any] = {"lines": len(found), "total": total, "waiting_most": most}
    facts["waiting_share"] = round(sum(n > 0 for n in waiting) / len(waiting), 3)
    facts["needed"] = total + most if most else max(int(one.get("used", 0)) for one in threads)
    facts |= {name: _shares(threads, name) for name in ("by_route", "waiting_by_route")}
    if not most:
        said = f"No work waited for one of {total} threads: {facts['needed']} were taken at most."
        return CheckResult(Status.OK, [], said, facts=facts)
    rows = _rows([at for one in threads for at in one.get("at") or ()])
    said = f"All {total} threads were taken, and up to {most} requests waited for one in {facts['waiting_share']:.0%} of the looks"
    where = f"; {rows[0].share:.0%} of the threads stood at {rows[0].code_file_path}:{rows[0].code_line_number}." if rows else "."
    return CheckResult(Status.PROBLEM, rows, said + where, facts=facts)


def _shares(threads: Sequence[dict[str, Any]], name: str) -> dict[str, float]:
    counts: Counter[str] = Counter()
    for one in threads:
        counts.update({str(route): int(n) for route, n in (one.get(name) or {}).items()})
    total = sum(counts.values())
    return {route: round(n / total, 3) for route, n in counts.most_common(10)}


def _rows(seen: Sequence[dict[str, Any]]) -> list[ThreadUse]:
    groups: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for at in seen:
        groups[str(at.get("code_file_path", "")), int(at.get("code_line_number", 0))].append(at)
    total = sum(int(at.get("n", 0)) for at in seen) or 1
    rows = [_row(key, ones, total) for key, ones in groups.items()]
    return sorted(rows, key=lambda row: -row.share)[:20]


def _row(key: tuple[str, int], ones: Sequence[dict[str, Any]], total: int) -> ThreadUse:
    name, text, callee = (str(ones[0].get(each, "")) for each in ("code_function_name", "code_text", "callee"))
    counts = [int(at.get("n", 0)) for at in ones]
    return ThreadUse(*key, name, text, callee, round(sum(counts) / total, 3), max(counts))
