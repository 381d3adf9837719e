"""Which service of somebody else requests wait for, and the line that waits without a bound.

Rests on what the process saw of its own requests: at which line each that took long waits, and which host an HTTP client called there. A
request that waits for a connection of the pool waits for those that hold one: it is a consequence, and is not counted. Told apart: a
blocked event loop, work that waits for a thread, waits for the database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from helpers.logs.connect import LogFiles
from helpers.results import CheckResult, Diagnosis, Status

__all__ = ["Seen", "judge", "slow_upstream"]

CODE = "slow_upstream"
MOST = 0.5  # of the looks at waiting requests found one and the same host: it explains more than all else together
BLOCKED = 0.05  # as http.event_loop_blocked: a loop that is held up that long makes everything wait
CLIENTS = ("httpx", "httpcore", "aiohttp", "urllib3", "requests")
THREAD = "run_sync"

Answer = CheckResult[Any] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts the judgement rests on; `lines` 0: the middleware is not there."""

    lines: int = 0
    waits: Sequence[Any] = ()
    blocked_share: float = 0.0
    stalls: Sequence[Any] = ()
    pools: Sequence[Any] = ()
    outbound: Sequence[Any] = field(default_factory=list)
    remedy: str = ""


async def slow_upstream(
    logs: LogFiles, *, waits: Answer = None, stalls: Answer = None, runtime: Answer = None, outbound: Answer = None
) -> Diagnosis:
    """The host that requests wait for.

    Args:
        logs: The log files that the others' answers are about.
        waits: Of logs.waits: where requests that take long wait.
        stalls: Of logs.stalls: where the event loop stood still.
        runtime: Of logs.runtime: threads and pools.
        outbound: Of git.calls_without_timeout: calls of other services in the code.

    Returns:
        PROBLEM with `host:port` as subject, or another code where something else makes requests wait; OK when no request took longer than a
        second; UNKNOWN when they wait for something else, or nobody saw where.

    Source: FAULTS.md A8.
    """
    return judge(
        Seen(
            lines=int(waits.facts.get("lines", 0)) if waits is not None else 0,
            waits=list(waits.rows) if waits is not None else [],
            blocked_share=float(stalls.facts.get("blocked_share", 0.0)) if stalls is not None else 0.0,
            stalls=list(stalls.rows) if stalls is not None else [],
            pools=[row for row in (runtime.rows if runtime is not None else ()) if row.pool_max and row.pool_used_max >= row.pool_max],
            outbound=list(outbound.rows) if outbound is not None else [],
            remedy=waits.remedy if waits is not None else "",
        )
    )


def judge(seen: Seen) -> Diagnosis:
    """Return what the facts add up to; pure."""
    if not seen.lines:
        found = ", ".join(f"{call.file}:{call.line} ({call.host or call.call}, time-out {call.timeout})" for call in seen.outbound[:5])
        said = f"Where requests wait was not seen. {f'Calls of others without a bound: {found}.' if found else ''} {seen.remedy}"
        return Diagnosis(Status.UNKNOWN, summary=" ".join(said.split()), facts=_facts(seen))
    counted = [wait for wait in seen.waits if not _is_consequence(wait)]
    peer, looks = _most_waited_for(counted)
    total = sum(wait.seen for wait in counted)
    is_outside = bool(looks) and looks >= MOST * total
    if seen.stalls and seen.blocked_share >= (MOST if is_outside else BLOCKED):
        where = f"{seen.stalls[0].code_file_path}:{seen.stalls[0].code_line_number}"
        said = f"The event loop stood still for {seen.blocked_share:.0%} of the time, at {where}: everything waits for it."
        return Diagnosis(Status.PROBLEM, "event_loop_blocked", where, said, facts=_facts(seen))
    if not seen.waits:
        return Diagnosis(Status.OK, summary="No request waited for longer than a second.", facts=_facts(seen))
    if not is_outside:
        return _elsewhere(seen, counted)
    return _named(seen, peer, [wait for wait in counted if _peer_of(wait, counted) == peer], looks / total)


def _most_waited_for(counted: Sequence[Any]) -> tuple[str, int]:
    """Return the host that most looks found an HTTP client waiting for, and how many; an empty name where the client did not tell."""
    by_peer = Counter[str]()
    for wait in counted:
        if wait.peer or wait.callee.startswith(CLIENTS):
            by_peer[_peer_of(wait, counted)] += wait.seen
    return by_peer.most_common(1)[0] if by_peer else ("", 0)


def _peer_of(wait: Any, counted: Sequence[Any]) -> str:
    """Return whom it waits for; where a look did not see that, whom others wait for at the same line."""
    here = [other.peer for other in counted if other.peer and _line(other) == _line(wait)]
    return str(wait.peer or next(iter(here), ""))


def _line(wait: Any) -> tuple[str, int]:
    return wait.code_file_path, wait.code_line_number


def _is_consequence(wait: Any) -> bool:
    """Whether it waits for a connection, which those hold that wait for something else."""
    return "pool" in wait.callee.lower() or (not wait.code_file_path and "acquire" in wait.stack)


def _elsewhere(seen: Seen, counted: Sequence[Any]) -> Diagnosis:
    top = max(counted or seen.waits, key=lambda wait: wait.seen)
    at = f"{top.code_file_path}:{top.code_line_number}" if top.code_file_path else "no line of the application's own"
    what = "a thread or its work" if THREAD in top.callee else top.callee or "something unknown"
    said = f"Requests that take long wait for {what}, at {at}, not for another service."
    return Diagnosis(Status.UNKNOWN, summary=said, facts=_facts(seen))


def _named(seen: Seen, peer: str, waits: Sequence[Any], share: float) -> Diagnosis:
    top = max(waits, key=lambda wait: wait.seen)
    where = f"{top.code_file_path}:{top.code_line_number}"
    who = peer or "another service"
    routes = ", ".join(sorted({wait.http_route for wait in waits if wait.http_route}))
    here = [call for call in seen.outbound if call.file == top.code_file_path and abs(call.line - top.code_line_number) <= 12]
    because = [
        f"{share:.0%} of the looks at requests older than a second found them waiting for {who}, up to {top.most} at once, for {top.oldest_ms:,.0f} ms.",
        f"They wait at {where}, in {top.code_function_name}: `{top.code_text}`.",
        *[
            f"The code agrees: {call.call} at {call.file}:{call.line}, time-out {call.timeout}, attempts {call.retries}."
            for call in here[:1]
        ],
        *[f"Meanwhile the pool {row.pool} is used up ({row.pool_max}): a connection is held while they wait." for row in seen.pools[:1]],
    ]
    summary = f"Requests of {routes or 'the application'} wait for {who} at {where}, without a bound that users could live with."
    target = {"file": top.code_file_path, "line": top.code_line_number}
    return Diagnosis(Status.PROBLEM, CODE, peer or where, summary, target, because, [], _facts(seen), fix="bound_call")


def _facts(seen: Seen) -> dict[str, Any]:
    return {"lines": seen.lines, "waits": len(seen.waits), "blocked_share": round(seen.blocked_share, 4), "full_pools": len(seen.pools)}
