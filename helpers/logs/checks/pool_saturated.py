"""Which work holds the connections of a pool that is too small for it, and how large the pool may be.

Rests on what the processes say of their pools, on what the server says of the statements behind them, and on Little's law: connections in use =
statements per second × seconds each, where statements are the work. Told apart: connections that are lost, a blocked event loop, requests that
hold one while another service is slow, statements that wait for a lock or want an index, a statement for each row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from helpers.logs.connect import LogFiles
from helpers.logs.pool_room import pool_target
from helpers.results import CheckResult, Diagnosis, Status

__all__ = ["Seen", "judge", "pool_saturated"]

CODE = "pool_saturated"
MATTERS = 0.05  # of the looks: one request in twenty waits for a connection, which is what a p95 shows
FILLS = 0.2  # of the connections: who has a fifth of them all the time is one of those who fill the pool
MOST = 0.5
BLOCKED = 0.05  # as http.event_loop_blocked

Answer = CheckResult[Any] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts the judgement rests on; `pool` are those of logs.connections_held (empty: not told).

    `busy` is how many connections statements kept busy on average (None: not asked), `plan` what is wrong with the first of them, `usage` the
    groups of sessions, `usable` the server's connections.
    """

    pool: Mapping[str, Any] = field(default_factory=dict)
    stalls: Sequence[Any] = ()
    blocked_share: float = 0.0
    waits: Sequence[Any] = ()
    statements: Sequence[Any] = ()
    busy: float | None = None
    plan: Diagnosis | None = None
    loops: Sequence[Any] = ()
    usage: Sequence[Any] = ()
    usable: int = 0
    application_name: str = ""
    remedy: str = ""


async def pool_saturated(
    logs: LogFiles,
    *,
    held: Answer = None,
    stalls: Answer = None,
    waits: Answer = None,
    statements: Answer = None,
    plan: CheckResult[Any] | Diagnosis | None = None,
    loops: Answer = None,
    usage: Answer = None,
    window_s: float = 10.0,
    application_name: str = "",
) -> Diagnosis:
    """The work that holds the pool's connections.

    Args:
        logs: The log files that the others' answers are about.
        held: Of logs.connections_held: how full the pool is, and who holds connections.
        stalls: Of logs.stalls: where the event loop stood still.
        waits: Of logs.waits: where requests that take long wait.
        statements: Of postgres.statements_by_total_time, over `window_s` seconds.
        plan: Of postgres.missing_index for these statements: what is wrong with the first.
        loops: Of git.queries_in_loops: statements sent for each row.
        usage: Of postgres.connections_in_use: the server's room.
        window_s: Seconds for which the statements were watched.
        application_name: How the application calls itself on the server; empty: the one with the most sessions.

    Returns:
        PROBLEM with the route, or the routes, that hold the connections, or with another code where that makes them be held; OK when work
        always found a connection; UNKNOWN when it did not and nobody noted who has them, or nobody saw the pool.

    Source: FAULTS.md A4; Little 1961, Operations Research 9.
    """
    known = held is not None and bool(held.facts.get("pool"))
    asked = statements is not None and statements.status in (Status.OK, Status.PROBLEM)
    rows = list(statements.rows) if statements is not None and asked else []
    return judge(
        Seen(
            pool=dict(held.facts) if held is not None and known else {},
            stalls=list(stalls.rows) if stalls is not None else [],
            blocked_share=float(stalls.facts.get("blocked_share", 0.0)) if stalls is not None else 0.0,
            waits=list(waits.rows) if waits is not None else [],
            statements=rows,
            busy=sum(row.total_ms for row in rows) / 1000 / window_s if asked else None,
            plan=plan if isinstance(plan, Diagnosis) else None,
            loops=[row for row in (loops.rows if loops is not None else ()) if row.certain],
            usage=list(usage.rows) if usage is not None else [],
            usable=int(usage.facts.get("usable", 0)) if usage is not None else 0,
            application_name=application_name,
            remedy=held.remedy if held is not None and not known else "",
        )
    )


def judge(seen: Seen) -> Diagnosis:
    """Return what the facts add up to; pure."""
    pool = seen.pool
    if not pool:
        said = f"Whether requests wait for a connection was not seen. {seen.remedy}".strip()
        return Diagnosis(Status.UNKNOWN, summary=said, facts=_facts(seen))
    if max(pool["waiting_share"], 0.0 if pool["waiting_most"] >= 0 else pool["full_share"]) < MATTERS:
        said = f"Work found a connection of {pool['pool']}: all {pool['size']} were taken in {pool['full_share']:.0%} of the looks, and none waited."
        return Diagnosis(Status.OK, summary=said, facts=_facts(seen))
    routes = sorted(route for route, share in pool["by_route"].items() if route and share >= FILLS)
    elsewhere = _elsewhere(seen, routes)
    if elsewhere is not None:
        code, subject, said = elsewhere
        return Diagnosis(Status.PROBLEM, code, subject, said, facts=_facts(seen))
    if not routes:
        how = "" if pool["noted"] else " Let the pool note who acquires: setup=held_by_route (docs/asgi.md)."
        said = f"Requests wait for one of {pool['size']} connections of {pool['pool']}; whose they are is not known.{how}"
        return Diagnosis(Status.UNKNOWN, summary=said, facts=_facts(seen))
    return _named(seen, routes)


def _elsewhere(seen: Seen, routes: Sequence[str]) -> tuple[str, str, str] | None:
    """Return the failure mode, subject and sentence of what holds connections for a reason of its own; None where nothing does."""
    return _lost(seen) or _blocked(seen) or _another_service(seen) or _statements(seen, routes)


def _lost(seen: Seen) -> tuple[str, str, str] | None:
    pool = seen.pool
    if pool["kept_last"] < MOST * pool["size"] or pool["fell"]:
        return None
    said = f"{pool['kept_last']} of {pool['size']} connections of {pool['pool']} are in use that no request under way has."
    return "connection_leak", pool["pool"], said


def _blocked(seen: Seen) -> tuple[str, str, str] | None:
    if seen.blocked_share < BLOCKED or not seen.stalls:
        return None
    where = f"{seen.stalls[0].code_file_path}:{seen.stalls[0].code_line_number}"
    said = f"The event loop stood still for {seen.blocked_share:.0%} of the time, at {where}: connections wait for it."
    return "event_loop_blocked", where, said


def _another_service(seen: Seen) -> tuple[str, str, str] | None:
    working = _working(seen)
    asking = [wait for wait in working if wait.peer]
    if not asking or sum(wait.seen for wait in asking) < MOST * sum(wait.seen for wait in working):
        return None
    top = max(asking, key=lambda wait: wait.seen)
    return "slow_upstream", top.peer, f"Connections are held while {top.http_route or 'requests'} wait for {top.peer}, which is slow."


def _statements(seen: Seen, routes: Sequence[str]) -> tuple[str, str, str] | None:
    if not _statements_are_it(seen):
        return None
    plan, looped = seen.plan, [loop for loop in seen.loops if set(loop.routes) & set(routes)]
    if plan is not None and plan.status is Status.PROBLEM and plan.code and seen.statements[0].share_pct >= 100 * MOST:
        return plan.code, plan.subject, f"The statements behind the pool are slow for a reason of their own: {plan.summary}"
    if looped:
        said = f"{looped[0].file}:{looped[0].line} sends a statement for each row, with one connection held all the while."
        return "n_plus_one", looped[0].routes[0], said
    return None


def _working(seen: Seen) -> list[Any]:
    """Where requests wait that do not wait for a connection: those are a consequence."""
    return [wait for wait in seen.waits if wait.code_file_path and "pool" not in f"{wait.callee} {wait.stack}".lower()]


def _statements_are_it(seen: Seen) -> bool:
    return bool(seen.statements) and (seen.busy or 0.0) >= MOST * max(seen.pool["used_mean"], 1e-9)


def _named(seen: Seen, routes: Sequence[str]) -> Diagnosis:
    pool, subject = seen.pool, ", ".join(routes)
    held = sum(pool["by_route"][route] for route in routes)
    because = [
        f"All {pool['size']} connections of {pool['pool']} were taken in {pool['full_share']:.0%} of the looks, and up to {pool['waiting_most']} requests of a process waited for one.",
        f"{subject}: {held:.0%} of the connections in use, on average {pool['used_mean']:g} in {pool['processes']} processes. Every one is some request's.",
        *_work(seen),
    ]
    target, room = pool_target(pool, seen.usage, seen.usable, seen.application_name)
    against = [] if target["size"] > pool["size"] else [f"A larger pool is no remedy: {room}"]
    if seen.busy is not None and not _statements_are_it(seen):
        against.append("A larger pool is room only: give the connection back where nothing is asked of it.")
    summary = f"{subject} {'holds' if len(routes) == 1 else 'hold'} the connections of {pool['pool']}, {pool['size']} for each process, for longer than the traffic allows. {room}"
    return Diagnosis(Status.PROBLEM, CODE, subject, summary, target, because, against, _facts(seen), fix="pool_size")


def _work(seen: Seen) -> list[str]:
    if seen.busy is None:
        return []
    if _statements_are_it(seen):
        top = seen.statements[0]
        return [
            f"Statements keep {seen.busy:.1f} of them busy; {top.share_pct:.0f} % of that time is one: {str(top.query)[:200]} ({top.mean_ms:,.0f} ms a call)."
        ]
    top = max(_working(seen), key=lambda wait: wait.seen, default=None)
    where = f" They wait at {top.code_file_path}:{top.code_line_number}: `{top.code_text}`." if top is not None else ""
    return [f"Statements keep {seen.busy:.1f} of them busy: most of the time a connection is held, it is asked nothing.{where}"]


def _facts(seen: Seen) -> dict[str, Any]:
    busy = None if seen.busy is None else round(seen.busy, 2)
    return {**seen.pool, "blocked_share": round(seen.blocked_share, 4), "statements_busy": busy, "usable": seen.usable}
