"""Which routes have all the threads, so that every plain `def` handler has to wait for one.

Rests on what the processes say of their own threads: how many are taken, which requests have them, which wait, and at which line each thread
stands. Told apart: a blocked event loop (async routes wait, too), threads that wait for a connection of a pool, one slow route among idle threads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from helpers.logs.connect import LogFiles
from helpers.results import CheckResult, Diagnosis, Status

__all__ = ["Seen", "judge", "thread_pool_exhausted"]

CODE = "thread_pool_exhausted"
MATTERS = 0.05  # of the looks: one request in twenty that needs a thread waits, which is what a p95 shows
FILLS = 0.2  # of the threads: who has a fifth of them all the time is one of those who fill them
MOST = 0.5
BLOCKED = 0.05  # as http.event_loop_blocked: a loop that is held up that long makes everything wait
CLIENTS = ("httpx", "httpcore", "aiohttp", "urllib3", "requests")
ROOM = 1.25  # times what was needed at most: an M/M/c queue above four fifths of its servers begins to wait (Erlang C)

Answer = CheckResult[Any] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts the judgement rests on; `use` are those of logs.thread_use (`lines` 0: the middleware is not there), `rows` its rows."""

    use: Mapping[str, Any] = field(default_factory=dict)
    rows: Sequence[Any] = ()
    blocked_share: float = 0.0
    stalls: Sequence[Any] = ()
    pools: Sequence[Any] = ()
    outside: str = ""
    remedy: str = ""


async def thread_pool_exhausted(
    logs: LogFiles, *, thread_use: Answer = None, stalls: Answer = None, runtime: Answer = None, neighbours: Answer = None
) -> Diagnosis:
    """The routes that have the threads.

    Args:
        logs: The log files that the others' answers are about.
        thread_use: Of logs.thread_use: who has the threads once all are taken.
        stalls: Of logs.stalls: where the event loop stood still.
        runtime: Of logs.runtime: how full the connection pools were.
        neighbours: Of http.neighbours: who waits while the endpoint is asked, where the process itself cannot be asked.

    Returns:
        PROBLEM with the route, or the routes, as subject, or another code where that makes threads wait; OK when work always found a
        thread; UNKNOWN when it did not and nobody saw whose they are, or nobody saw the threads.

    Source: FAULTS.md A2; AnyIO documentation, "Adjusting the default maximum worker thread count".
    """
    known = thread_use is not None and bool(thread_use.facts.get("lines"))
    return judge(
        Seen(
            use=dict(thread_use.facts) if thread_use is not None and known else {},
            rows=list(thread_use.rows) if thread_use is not None and known else [],
            blocked_share=float(stalls.facts.get("blocked_share", 0.0)) if stalls is not None else 0.0,
            stalls=list(stalls.rows) if stalls is not None else [],
            pools=[row for row in (runtime.rows if runtime is not None else ()) if row.pool_max and row.pool_used_max >= row.pool_max],
            outside=neighbours.summary if neighbours is not None else "",
            remedy=thread_use.remedy if thread_use is not None and not known else "",
        )
    )


def judge(seen: Seen) -> Diagnosis:
    """Return what the facts add up to; pure."""
    if not seen.use:
        said = f"Whether threads were free was not seen. {f'From outside: {seen.outside}' if seen.outside else ''} {seen.remedy}"
        return Diagnosis(Status.UNKNOWN, summary=" ".join(said.split()), facts=_facts(seen))
    share = float(seen.use["waiting_share"])
    if seen.blocked_share >= BLOCKED and seen.stalls:
        where = f"{seen.stalls[0].code_file_path}:{seen.stalls[0].code_line_number}"
        said = f"The event loop stood still for {seen.blocked_share:.0%} of the time, at {where}: everything waits for it, threads or not."
        return Diagnosis(Status.PROBLEM, "event_loop_blocked", where, said, facts=_facts(seen))
    if share < MATTERS:
        said = f"Work found a thread: {seen.use['needed']} of {seen.use['total']} were taken at most."
        return Diagnosis(Status.OK, summary=said, facts=_facts(seen))
    top = seen.rows[0] if seen.rows else None
    if top is not None and top.share >= MOST and "pool" in top.callee.lower():
        return _behind_a_pool(seen, top)
    fills = sorted(route for route, n in seen.use["by_route"].items() if route and n >= FILLS)
    if not fills:
        where = ", ".join(f"{row.code_file_path}:{row.code_line_number}" for row in seen.rows[:3])
        said = f"All {seen.use['total']} threads are taken, and no one route has many of them. {f'They stand at {where}.' if where else ''}"
        return Diagnosis(Status.UNKNOWN, summary=said.strip(), facts=_facts(seen))
    return _named(seen, fills, top)


def _behind_a_pool(seen: Seen, top: Any) -> Diagnosis:
    where = f"{top.code_file_path}:{top.code_line_number}"
    said = f"{top.share:.0%} of the threads wait for a connection of a pool ({top.callee}, at {where}): more threads would only wait there."
    if not seen.pools:
        return Diagnosis(Status.UNKNOWN, summary=said, facts=_facts(seen))
    return Diagnosis(Status.PROBLEM, "pool_saturated", seen.pools[0].pool, said, facts=_facts(seen))


def _named(seen: Seen, fills: Sequence[str], top: Any) -> Diagnosis:
    use, routes = seen.use, ", ".join(fills)
    victims = [route for route in use["waiting_by_route"] if route and route not in fills]
    held = sum(use["by_route"][route] for route in fills)
    because = [
        f"All {use['total']} threads were taken in {use['waiting_share']:.0%} of the looks, and up to {use['waiting_most']} requests waited for one.",
        f"{routes}: {held:.0%} of the threads that were taken.",
    ]
    if top is not None:
        because.append(
            f"{top.share:.0%} of the threads stood at {top.code_file_path}:{top.code_line_number}, in {top.code_function_name}: `{top.code_text}`."
        )
    if victims:
        because.append(f"Waiting for a thread with them: {', '.join(victims[:5])}.")
    if seen.stalls or seen.blocked_share:
        because.append(f"The event loop itself came round, but for {seen.blocked_share:.1%} of the time.")
    against = [
        f"The pool {row.pool} is used up, too ({row.pool_max}): with more threads more of them may wait there." for row in seen.pools[:1]
    ]
    fix, target = _fix(use, top)
    summary = f"{routes} {'has' if len(fills) == 1 else 'have'} all {use['total']} threads; every other `def` handler of the process waits for one."
    return Diagnosis(Status.PROBLEM, CODE, routes, summary, target, because, against, _facts(seen), fix=fix)


def _fix(use: Mapping[str, Any], top: Any) -> tuple[str, dict[str, Any]]:
    """A call of another service is bounded where it stands; for anything else there are more threads."""
    if top is not None and top.share >= MOST and top.callee.startswith(CLIENTS):
        return "bound_call", {"file": top.code_file_path, "line": top.code_line_number}
    return "thread_limit", {"threads": math.ceil(use["needed"] * ROOM / 10) * 10}


def _facts(seen: Seen) -> dict[str, Any]:
    return {**seen.use, "blocked_share": round(seen.blocked_share, 4), "full_pools": len(seen.pools)}
