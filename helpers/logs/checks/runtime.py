"""How full the processes of the application were: event loop, requests under way, threads, connection pools."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.logs.connect import LogFiles
from helpers.logs.runtime_lines import NONE, REMEDY, runtime_lines
from helpers.results import CheckResult, Status

__all__ = ["Runtime", "runtime"]


@dataclass(frozen=True, slots=True)
class Runtime:
    """The most that one process had of each in the time; one row for each pool, or one with an empty `pool`. `pool_waiting_max` -1: not told.

    `pool_full_share` is the share of the lines in which the pool was used up, `threads_waiting_share` that in which work waited for a thread.
    """

    pid: int
    lines: int
    loop_lag_ms_max: float
    in_flight_max: int
    threads_used_max: int
    threads_total: int
    threads_waiting_max: int
    threads_waiting_share: float
    pool: str
    pool_used_max: int
    pool_max: int
    pool_waiting_max: int
    pool_full_share: float
    in_flight: str


async def runtime(logs: LogFiles, *, since: str = "5m", timeout_s: float = 60.0) -> CheckResult[Runtime]:
    """What each process said of itself.

    Args:
        logs: The profile's log files, of an application with helpers.asgi.RuntimeMiddleware.
        since: From when on: `60s`, `30m`, a date and time, or empty for all.
        timeout_s: Seconds it may take.

    Returns:
        PROBLEM when threads or a pool were used up, OK otherwise, with a row for each process and pool; UNKNOWN without runtime lines.

    """
    found, _ = await runtime_lines(logs, "runtime", since, timeout_s)
    if not found:
        return CheckResult(Status.UNKNOWN, reason=NONE, remedy=REMEDY, facts={"lines": 0})
    by_pid: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for line in found:
        by_pid[int(line.get("pid", 0))].append(line)
    rows = [row for pid, lines in sorted(by_pid.items()) for row in _rows(pid, lines)]
    facts = {"lines": len(found), "processes": len(by_pid)}
    threads = [row for row in rows if row.threads_waiting_max > 0]
    pools = [row for row in rows if row.pool_max and row.pool_used_max >= row.pool_max]
    said = [f"work waited for one of {row.threads_total} threads" for row in threads[:1]]
    said += [f"the pool {row.pool} was used up ({row.pool_max}) in {row.pool_full_share:.0%} of the looks" for row in pools[:1]]
    if said:
        return CheckResult(Status.PROBLEM, rows, f"In {len(by_pid)} processes: {'; '.join(said)}.", facts=facts)
    return CheckResult(Status.OK, rows, f"Threads and pools had room, in {len(by_pid)} processes.", facts=facts)


def _rows(pid: int, lines: Sequence[dict[str, Any]]) -> list[Runtime]:
    """`lines` is the newest first."""
    threads = [line.get("threads") or {} for line in lines]
    waiting = [int(one.get("waiting", 0)) for one in threads]
    flight = max((line.get("in_flight") or {} for line in lines), key=lambda one: one.get("total", 0))
    names = sorted({name for line in lines for name in line.get("pools") or {}}) or [""]
    routes = ", ".join(f"{route or 'not routed yet'}: {n}" for route, n in list((flight.get("by_route") or {}).items())[:5])
    rows = []
    for name in names:
        pools = [pool for line in lines if (pool := (line.get("pools") or {}).get(name))]
        lag = max(float((line.get("loop_lag_ms") or {}).get("max", 0)) for line in lines)
        most = max(int((line.get("in_flight") or {}).get("max", 0)) for line in lines)
        used, total = max(int(one.get("used", 0)) for one in threads), int(threads[0].get("total", 0))
        share = round(sum(n > 0 for n in waiting) / len(waiting), 3)
        rows.append(Runtime(pid, len(lines), lag, most, used, total, max(waiting), share, name, *_pool(pools), routes))
    return rows


def _pool(pools: Sequence[dict[str, Any]]) -> tuple[int, int, int, float]:
    """Return most used, size, most waiting, and the share of looks in which it was used up."""
    if not pools:
        return 0, 0, -1, 0.0
    used, size = [int(pool.get("used", 0)) for pool in pools], int(pools[0].get("max", 0))
    full = sum(n >= size > 0 for n in used) / len(pools)
    return max(used), size, max(int(pool.get("waiting", -1)) for pool in pools), round(full, 3)
