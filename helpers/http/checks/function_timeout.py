"""Which route the platform ends for its duration, and what it waited for.

Told apart by exclusion and by the code: a statement of PostgreSQL that ran as long, a lock, a call to another host without a bound, a loop.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from helpers.http.connect import Api
from helpers.http.routes import route_of
from helpers.results import CheckResult, Diagnosis, Status

__all__ = ["Seen", "function_timeout", "judge"]

CODE = "function_timeout"
SERVER_ERROR = 500
SLACK_S = 1.0  # statements are looked at twice a second

Answer = CheckResult[Any] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts the judgement rests on; `waits` are those of the route, None: the code is not known."""

    asked: bool
    facts: dict[str, Any] = field(default_factory=dict)
    statements: Sequence[Any] = ()
    route: str = ""
    waits: Sequence[Any] | None = None
    is_failing: bool | None = None


async def function_timeout(
    api: Api, *, endpoint: str = "", waited: Answer = None, waits: Answer = None, handlers: Answer = None, is_failing: bool | None = None
) -> Diagnosis:
    """The route, and what it waited for.

    Args:
        api: The API; it is not asked again.
        endpoint: The GET that hangs.
        waited: Of http.waited_for.
        waits: Of git.unbounded_waits.
        handlers: Of git.web_handlers: which route a path is.
        is_failing: Whether time-outs were seen.

    Returns:
        PROBLEM with `GET /route: fetch at file:line` as subject; `lock_contention` where a statement of it waits for a lock; OK when it is answered
        in time; UNKNOWN when what it waits for is not decided.

    Source: FAULTS.md B3.
    """
    if waited is None or waited.status not in (Status.OK, Status.PROBLEM):
        return judge(Seen(asked=False))
    route = route_of(endpoint, handlers.rows if handlers is not None else [])
    own = [row for row in waits.rows if row.serves(route)] if waits is not None and waits.status is Status.OK else None
    return judge(Seen(True, waited.facts, waited.rows, route, own, is_failing))


def judge(seen: Seen) -> Diagnosis:
    """Return what the facts add up to; pure."""
    if not seen.asked:
        return Diagnosis(Status.UNKNOWN, summary="No request was made: give a GET that hangs as `endpoint`.")
    facts = {"route": seen.route, **seen.facts}
    code, took = str(seen.facts.get("code") or ""), float(seen.facts.get("took_s") or 0)
    failed = bool(code) or (bool(seen.is_failing) and int(seen.facts.get("status") or 0) >= SERVER_ERROR)
    said = f"was ended after {took:.1f} s" if code else f"was ended by the platform before, and failed now after {took:.1f} s"
    if failed and (locked := _locked(seen.statements, took)):
        summary = f"{seen.route} {said}, while its statement waits for a lock of PostgreSQL: {locked}"
        return Diagnosis(Status.PROBLEM, "lock_contention", locked[:80], summary, facts=facts)
    if not code:
        if seen.is_failing:
            return Diagnosis(Status.UNKNOWN, summary=f"{seen.route} was ended by the platform before, and was answered now.", facts=facts)
        return Diagnosis(Status.OK, summary=f"{seen.route} is answered within {took:.1f} s.", facts=facts)
    if during := [one for one in seen.statements if one.runs_s <= took + SLACK_S]:
        said = f"{seen.route} was ended after {took:.1f} s while this statement ran: {during[0].query}. Why it is slow is not known here."
        return Diagnosis(Status.UNKNOWN, summary=said, facts=facts)
    return _by_code(seen, took, facts)


def _locked(statements: Sequence[Any], took: float) -> str:
    """Return the statement that waits for a lock: begun with the request, or several alike that earlier ones of it left and that hold its pool."""
    waiting = [one for one in statements if one.waits == "Lock"]
    begun = next((one.query for one in waiting if one.runs_s <= took + SLACK_S), "")
    alike = Counter(one.query for one in waiting).most_common(1)
    return begun or next((query for query, times in alike if times > 1), "")


def _by_code(seen: Seen, took: float, facts: dict[str, Any]) -> Diagnosis:
    """Judge what is left once no statement ran as long: what the code can wait for."""
    if seen.waits is None:
        said = f"{seen.route} was ended after {took:.1f} s, and what it waited for is not known: name the checkout as the profile's `code`."
        return Diagnosis(Status.UNKNOWN, summary=said, facts=facts)
    if not seen.facts.get("looked"):
        said = f"{seen.route} was ended after {took:.1f} s; whether it waited for PostgreSQL was not seen: the profile needs `postgres`."
        return Diagnosis(Status.UNKNOWN, summary=said, facts=facts)
    open_ended = [one for one in seen.waits if not one.bounded]
    if len(open_ended) != 1:
        places = ", ".join(f"{one.text} at {one.file}:{one.line}" for one in open_ended) or "no wait without a bound"
        said = f"{seen.route} was ended after {took:.1f} s. No statement ran as long; its code has {places}: not decided."
        return Diagnosis(Status.UNKNOWN, summary=said, facts=facts)
    (wait,) = open_ended
    what = wait.text if wait.kind == "call" else f"the loop while {wait.text}"
    subject = f"{seen.route}: {wait.text if wait.kind == 'call' else 'loop'} at {wait.file}:{wait.line}"
    because = [
        f"The platform ended it after {took:.1f} s: {seen.facts['code']}.",
        "No statement of PostgreSQL ran for half as long meanwhile.",
        f"Of what its code waits for, only {what} at {wait.file}:{wait.line} has no bound.",
    ]
    target = {"route": seen.route, "file": wait.file, "line": wait.line, "kind": wait.kind, "limit_s": wait.limit_s or round(took)}
    summary = f"{seen.route} waits for {what} ({wait.file}:{wait.line}) without a bound until the platform ends it after {took:.1f} s."
    return Diagnosis(Status.PROBLEM, CODE, subject, summary, target, because, [], facts, fix="bound_fetch")
