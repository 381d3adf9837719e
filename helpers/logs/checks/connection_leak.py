"""Which route takes connections from the pool and does not give them back.

Rests on what the processes say of their pools: connections in use whose request has ended, or more in use than there are requests. Told
apart: a pool that is full of requests under way, connections that work behind a request holds and gives back, requests that wait for another service.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from helpers.logs.connect import LogFiles
from helpers.results import CheckResult, Diagnosis, Status

__all__ = ["Seen", "connection_leak", "judge"]

CODE = "connection_leak"
MATTERS = 0.5  # of the looks: what was lost stays lost, while a connection that is given back late is seen for a moment
MOST = 0.5
NEAR_LINES = 12  # a static finding within this many lines, in the same file, is the same place

Answer = CheckResult[Any] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts the judgement rests on; `pool` are those of logs.connections_held (empty: not told), `kept` its rows.

    `code` is None where the checkout was not read; `sessions` are those that the server says are left behind.
    """

    pool: Mapping[str, Any] = field(default_factory=dict)
    kept: Sequence[Any] = ()
    code: Sequence[Any] | None = None
    sessions: Sequence[Any] = ()
    remedy: str = ""


async def connection_leak(logs: LogFiles, *, held: Answer = None, unreleased: Answer = None, stale: Answer = None) -> Diagnosis:
    """The route that does not give its connections back.

    Args:
        logs: The log files that the others' answers are about.
        held: Of logs.connections_held: who holds connections, and who kept them.
        unreleased: Of git.unreleased_connections: where the code does not give one back.
        stale: Of postgres.stale_sessions: what the server sees of it.

    Returns:
        PROBLEM with the route as subject; OK when every connection in use is some request's; UNKNOWN when connections are lost and whose they
        are is not known, when they come back, or when nobody saw the pool.

    Source: FAULTS.md A3.
    """
    known = held is not None and bool(held.facts.get("pool"))
    return judge(
        Seen(
            pool=dict(held.facts) if held is not None and known else {},
            kept=list(held.rows) if held is not None and known else [],
            code=list(unreleased.rows) if unreleased is not None and unreleased.status in (Status.OK, Status.PROBLEM) else None,
            sessions=list(stale.rows) if stale is not None else [],
            remedy=held.remedy if held is not None and not known else "",
        )
    )


def judge(seen: Seen) -> Diagnosis:
    """Return what the facts add up to; pure."""
    if not seen.pool:
        said = f"Whether connections are given back was not seen. {_candidates(seen)} {seen.remedy}"
        return Diagnosis(Status.UNKNOWN, summary=" ".join(said.split()), facts=_facts(seen))
    name = seen.pool["pool"]
    if not seen.pool["kept_most"] or (seen.pool["kept_share"] < MATTERS and not seen.pool["kept_last"]):
        said = f"Every connection of {name} in use is that of a request under way"
        full = f", although all {seen.pool['size']} were taken in {seen.pool['full_share']:.0%} of the looks: that is another failure."
        return Diagnosis(Status.OK, summary=said + (full if seen.pool["full_share"] else "."), facts=_facts(seen))
    if seen.pool["fell"]:
        said = f"Up to {seen.pool['kept_most']} connections of {name} outlive their requests and come back later: work that goes on behind a request holds them."
        return Diagnosis(Status.UNKNOWN, summary=said, facts=_facts(seen))
    by_route: Counter[str] = Counter()
    for row in seen.kept:
        by_route[row.http_route] += row.most
    route, kept = by_route.most_common(1)[0] if by_route else ("", 0)
    if route and kept > MOST * sum(by_route.values()):
        return _named(seen, route, [row for row in seen.kept if row.http_route == route])
    return _by_the_code(seen)


def _named(seen: Seen, route: str, rows: Sequence[Any]) -> Diagnosis:
    pool, top = seen.pool, rows[0]
    where = f"{top.code_file_path}:{top.code_line_number}" if top.code_file_path else ""
    because = [
        f"{pool['kept_last']} of {pool['size']} connections of {pool['pool']} are in use whose request has ended; none came back in the time watched.",
        f"{sum(row.most for row in rows)} of them were taken by {route}{f' at {where}' if where else ''}, the oldest {top.oldest_ms / 1000:,.0f} s ago.",
    ]
    here = [one for one in seen.code or () if one.file == top.code_file_path and abs(one.line - top.code_line_number) <= NEAR_LINES]
    best = min(here, key=lambda one: abs(one.line - top.code_line_number), default=None)
    if best is not None:
        because.append(f"The code agrees: {best.call} at {best.file}:{best.line} is {best.how}.")
    target = {"file": best.file, "line": best.line} if best is not None else {"file": top.code_file_path, "line": top.code_line_number}
    return _problem(seen, route, where, because, target)


def _by_the_code(seen: Seen) -> Diagnosis:
    """Connections are lost, and the pool does not note for whom: the code holds exactly one place that loses them."""
    certain = [one for one in seen.code or () if one.certain and one.routes]
    lost = f"{seen.pool['kept_last']} connections of {seen.pool['pool']} are in use beyond the requests under way, and none came back"
    if len(certain) != 1 or len(certain[0].routes) != 1:
        how = "" if seen.pool["noted"] else "Let the pool note who acquires: setup=held_by_route (docs/asgi.md)."
        said = f"{lost}; which route took them is not known. {_candidates(seen)} {how}"
        return Diagnosis(Status.UNKNOWN, summary=" ".join(said.split()), facts=_facts(seen))
    one = certain[0]
    because = [f"{lost}.", f"The only place in the code that loses them: {one.call} at {one.file}:{one.line} is {one.how}."]
    return _problem(seen, one.routes[0], f"{one.file}:{one.line}", because, {"file": one.file, "line": one.line})


def _problem(seen: Seen, route: str, where: str, because: list[str], target: dict[str, Any]) -> Diagnosis:
    size, kept = seen.pool["size"], seen.pool["kept_last"]
    if seen.sessions:
        because.append(
            f"The server agrees: {len(seen.sessions)} of its sessions do nothing, for up to {max(s.idle_s for s in seen.sessions):,.0f} s."
        )
    left = "none is left" if kept >= size else f"{size - kept} of {size} are left"
    summary = f"{route} takes connections of {seen.pool['pool']} and does not give them back{f', at {where}' if where else ''}; {left}."
    return Diagnosis(Status.PROBLEM, CODE, route, summary, target, because, [], _facts(seen), fix="release_connection")


def _candidates(seen: Seen) -> str:
    found = ", ".join(f"{one.file}:{one.line} ({one.call}, {one.how})" for one in [c for c in seen.code or () if c.certain][:5])
    return f"Candidates in the code: {found}." if found else ""


def _facts(seen: Seen) -> dict[str, Any]:
    return {**seen.pool, "candidates": None if seen.code is None else len(seen.code), "stale_sessions": len(seen.sessions)}
