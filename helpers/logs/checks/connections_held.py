"""Who holds the connections of a Python API's pools: by route, and those that requests kept which have ended."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from helpers.logs.connect import LogFiles
from helpers.logs.runtime_lines import NONE, REMEDY, runtime_lines
from helpers.results import CheckResult, Status

__all__ = ["HeldConnections", "connections_held"]

FALLS = 3  # one look may fall between the end of a request and the release that goes on behind it


@dataclass(frozen=True, slots=True)
class HeldConnections:
    """Connections of one pool that requests of one route kept when they ended: where they were taken, `most` at once, the oldest.

    The place is empty and 0 where it is no own code.
    """

    pool: str
    http_route: str
    code_file_path: str
    code_line_number: int
    processes: int
    most: int
    oldest_ms: float


async def connections_held(logs: LogFiles, *, pool: str = "", since: str = "5m", timeout_s: float = 60.0) -> CheckResult[HeldConnections]:
    """The routes that kept connections, the most first; and, as facts, how full the pool that is fullest was.

    Args:
        logs: The profile's log files, of an application with helpers.asgi.RuntimeMiddleware.
        pool: Its name as the application gives it; empty: the one that is fullest.
        since: From when on: `60s`, `30m`, a date and time, or empty for all.
        timeout_s: Seconds it may take.

    Returns:
        PROBLEM when connections are in use that no request under way has, OK when there are none; UNKNOWN without runtime lines. Facts:
        `lines`, `processes`, `pool`, `size`, `used_mean` (of all processes together), `full_share`, `waiting_share` and `kept_share` of the looks, `waiting_most`, `kept_most`,
        `kept_last` (at the last look of each process), `fell` (whether kept connections came back), `noted` (whether the pool notes who
        acquires) and `by_route` (share of the connections in use).

    """
    found, _ = await runtime_lines(logs, "runtime", since, timeout_s)
    if not found:
        return CheckResult(Status.UNKNOWN, reason=NONE, remedy=REMEDY, facts={"lines": 0})
    facts: dict[str, Any] = {"lines": len(found), "processes": len({line.get("pid") for line in found})}
    names = Counter({name: _fullness(found, name) for line in found for name in line.get("pools") or {}})
    chosen = pool or next((name for name, _ in names.most_common(1)), "")
    if not chosen:
        why = "The application's runtime lines tell of no connection pool."
        return CheckResult(Status.UNKNOWN, reason=why, remedy="Name it to the middleware: pools={…} (docs/asgi.md).", facts=facts)
    facts |= {"pool": chosen, **_of_looks(found, chosen), **_of_states(found, chosen)}
    rows = _rows(found, chosen)
    if not facts["kept_most"]:
        said = f"No connection of {chosen} is in use that no request under way has; used up in {facts['full_share']:.0%} of the looks."
        return CheckResult(Status.OK, rows, said, facts=facts)
    said = f"Up to {facts['kept_most']} of {facts['size']} connections of {chosen} are in use that no request under way has"
    whose = (
        f"; most were taken by {rows[0].http_route or 'no route'} ({rows[0].code_file_path}:{rows[0].code_line_number})." if rows else "."
    )
    return CheckResult(Status.PROBLEM, rows, said + whose, facts=facts)


def _fullness(found: Sequence[dict[str, Any]], name: str) -> float:
    states = [state for line in found if (state := (line.get("pools") or {}).get(name))]
    return max(int(state.get("used", 0)) / max(int(state.get("max", 0)), 1) for state in states)


def _of_looks(found: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    """Count over the looks of all processes; `found` is the newest first."""
    by_pid: dict[Any, list[tuple[int, int, int]]] = defaultdict(list)
    size = max(int(((line.get("pools") or {}).get(name) or {}).get("max", 0)) for line in found)
    for line in reversed(found):
        looks = ((line.get("looks") or {}).get("pools") or {}).get(name) or {}
        kept = [max(pair) for pair in zip(looks.get("kept", ()), looks.get("beyond", ()), strict=False)]
        by_pid[line.get("pid")] += zip(looks.get("used", ()), looks.get("waiting", ()), kept, strict=False)
    every = [look for looks in by_pid.values() for look in looks] or [(0, 0, 0)]
    return {
        "size": size,
        "used_mean": round(sum(used for used, _, _ in every) / len(every) * max(len(by_pid), 1), 2),
        "full_share": round(sum(used >= size > 0 for used, _, _ in every) / len(every), 3),
        "waiting_share": round(sum(waiting > 0 for _, waiting, _ in every) / len(every), 3),
        "waiting_most": max(waiting for _, waiting, _ in every),
        "kept_share": round(sum(kept > 0 for _, _, kept in every) / len(every), 3),
        "kept_most": max(kept for _, _, kept in every),
        "kept_last": sum(looks[-1][2] for looks in by_pid.values() if looks),
        "fell": any(_fell([kept for _, _, kept in looks]) for looks in by_pid.values()),
    }


def _fell(kept: Sequence[int]) -> bool:
    """Whether connections that were kept came back: fewer at the end than there were, or fewer again and again."""
    return bool(kept) and (kept[-1] < max(kept) or sum(after < before for before, after in pairwise(kept)) >= FALLS)


def _of_states(found: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    routes: Counter[str] = Counter()
    noted = False
    for line in found:
        state = (line.get("pools") or {}).get(name) or {}
        noted |= "used_by_route" in state
        routes.update({str(route): int(n) for route, n in (state.get("used_by_route") or {}).items()})
    total = sum(routes.values())
    return {"noted": noted, "by_route": {route: round(n / total, 3) for route, n in routes.most_common(10)}}


def _rows(found: Sequence[dict[str, Any]], name: str) -> list[HeldConnections]:
    groups: dict[tuple[str, str, int], list[tuple[Any, dict[str, Any]]]] = defaultdict(list)
    for line in found:
        for one in ((line.get("pools") or {}).get(name) or {}).get("kept") or ():
            key = str(one.get("http_route", "")), str(one.get("code_file_path", "")), int(one.get("code_line_number", 0))
            groups[key].append((line.get("pid"), one))
    rows = []
    for key, ones in groups.items():
        most, oldest = max(int(one.get("n", 0)) for _, one in ones), max(float(one.get("oldest_ms", 0)) for _, one in ones)
        rows.append(HeldConnections(name, *key, len({pid for pid, _ in ones}), most, oldest))
    return sorted(rows, key=lambda row: -row.most)
