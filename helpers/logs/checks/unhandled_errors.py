"""Which exception reaches nobody who handles it, at which line of own code, and what input brings it about.

Rests on the stack traces of the log, on what failing requests have in common, and on the smallest request that still fails. Told apart:
exceptions that say that a system refused (they have runbooks of their own), failures that what was asked does not explain.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from helpers.logs.connect import LogFiles
from helpers.logs.moments import moment
from helpers.logs.raised import Raised, raised_in
from helpers.results import CheckResult, Diagnosis, Status

__all__ = ["ELSEWHERE", "Seen", "judge", "unhandled_errors"]

CODE = "unhandled_errors"
MOST = 0.5  # of the failures are of one kind: it explains more than all others together
OVER_S = 60.0  # before another kind was last raised: this one has stopped, and is not what fails now
SOONER_S, PAUSES = 10.0, 3  # sooner, where it never paused for a third of that
# Exceptions by which a system says what is wrong with it. Source: FAULTS.md, error-code key.
ELSEWHERE = {
    "TooManyConnectionsError": "connection_exhaustion",
    "DeadlockDetectedError": "deadlocks",
    "UndefinedColumnError": "schema_drift",
    "UndefinedTableError": "schema_drift",
    "InvalidSQLStatementNameError": "pooler_prepared_statements",
    "DuplicatePreparedStatementError": "pooler_prepared_statements",
    "SequenceGeneratorLimitExceededError": "integer_overflow",
    "OutOfMemoryError": "memory_full",
    "MaxConnectionsError": "client_exhaustion",
    "ReadOnlyError": "persistence_or_replication",
}
# A wait that ended, or a system that is not there: what was asked is not to blame, and which system it is the traceback does not decide.
REFUSED = re.compile(r"(?i)timeout|cancel|connect|refused|reset|unreachable|unavailable|closed|pool|operational|interfaceerror|queue")

Answer = CheckResult[Any] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts the judgement rests on: exceptions by kind, traits of failing requests, and the smallest request that fails.

    `failed` requests; None: not known.
    """

    raised: Sequence[Raised] = ()
    failed: int | None = 0
    traits: Sequence[Any] = ()
    route: str = ""
    smallest: Any = None
    files: Sequence[str] = field(default_factory=list)
    asked: dict[str, Any] = field(default_factory=dict)
    is_failing: bool | None = None


async def unhandled_errors(
    logs: LogFiles, *, failing: Answer = None, smallest: Answer = None, code: Answer = None, is_failing: bool | None = None, since: str = "15m",
    timeout_s: float = 60.0,
) -> Diagnosis:  # fmt: skip
    """The exception that most failing requests end with.

    Args:
        logs: The profile's log files, with tracebacks.
        failing: Of logs.failing_requests.
        smallest: Of http.smallest_request.
        code: Of git.python_files: which files are the application's, to name them as the checkout does.
        is_failing: Whether requests were seen to fail from outside.
        since: From when on.
        timeout_s: Seconds it may take.

    Returns:
        PROBLEM with `Exception at file:line` as subject; another code where the exception says what is wrong elsewhere; OK when nothing failed;
        UNKNOWN when it is not what was asked, or the log holds no traceback.

    Source: FAULTS.md A6.
    """
    found = await logs.ask(lambda entries: raised_in(entries), moment(since), timeout_s=timeout_s)
    known = failing is not None and failing.status in (Status.OK, Status.PROBLEM)
    facts = failing.facts if known and failing is not None else {}
    return judge(
        Seen(
            raised=found,
            failed=int(facts["failed"]) if known else None,
            traits=_needed(
                failing.rows if failing is not None else [], smallest.rows[0] if smallest is not None and smallest.rows else None
            ),
            route=str(facts.get("route", "")),
            smallest=smallest.rows[0] if smallest is not None and smallest.rows else None,
            files=[row.file for row in code.rows] if code is not None else [],
            asked=dict(facts),
            is_failing=is_failing,
        )
    )


def _needed(traits: Sequence[Any], smallest: Any) -> list[Any]:
    """Leave out traits of parameters that a request may lack and still fail: they only go along with what matters."""
    if smallest is None or not smallest.always:
        return list(traits)
    gone = {part.partition("=")[0] for part in smallest.without} - {part.partition("=")[0] for part in smallest.needed}
    return [trait for trait in traits if trait.parameter not in gone]


def judge(seen: Seen) -> Diagnosis:
    """Return what the facts add up to; pure."""
    facts = {"failed": seen.failed, "kinds": len(seen.raised), "traits": [trait.said for trait in seen.traits[:3]]}
    if seen.failed is None:
        return Diagnosis(Status.UNKNOWN, summary="The log does not tell which requests failed.", facts=facts)
    if not seen.failed and seen.is_failing:
        said = (
            "Requests fail, and the log holds none that ended with 500 or above: they time out, or fail before they reach the application."
        )
        return Diagnosis(Status.UNKNOWN, summary=said, facts=facts)
    if not seen.failed:
        return Diagnosis(Status.OK, summary="No request failed with 500 or above.", facts=facts)
    mine = _of_route(seen)
    if not mine:
        said = f"{seen.failed} requests of {seen.route} failed, and the log holds no traceback of them: it may go to another file, or nobody writes it."
        return Diagnosis(Status.UNKNOWN, summary=said, facts=facts)
    total, top = sum(one.count for one in mine), mine[0]
    where = _where(top, seen.files)
    if top.error_type in ELSEWHERE:
        return Diagnosis(Status.PROBLEM, ELSEWHERE[top.error_type], top.error_type, f"{top.error_type}: {top.message}", facts=facts)
    always = seen.smallest is not None and seen.smallest.always
    why = _not_told(seen, top, where, len(mine), total, always=always)
    if why:
        return Diagnosis(Status.UNKNOWN, summary=why, facts=facts)
    return _named(seen, top, where, total, facts, always=always)


def _of_route(seen: Seen) -> list[Raised]:
    """Return the exceptions of the route in question; where it fails now, without those that have stopped."""
    mine = [one for one in seen.raised if not seen.route or not one.route or one.route in (seen.route, seen.route.partition(" ")[2])]
    newest = max((one.last_at for one in mine), default=0.0)
    return [one for one in mine if not seen.is_failing or newest - one.last_at <= min(OVER_S, max(SOONER_S, PAUSES * one.pause_s))]


def _not_told(seen: Seen, top: Raised, where: str, kinds: int, total: int, *, always: bool) -> str:
    """Return why it is not known that what was asked brings the exception about; empty when it is."""
    if top.count < MOST * total:
        return f"{total} exceptions of {kinds} kinds, none of them most; the most frequent is {top.error_type} at {where}."
    if REFUSED.search(top.error_type):
        return f"{top.error_type} at {where}: a wait that ended or a system that is not there, not what was asked."
    if not seen.traits and not always:
        return f"{top.error_type} at {where}, {top.count} times; what was asked does not explain it, and no request was seen to fail every time."
    return ""


def _named(seen: Seen, top: Raised, where: str, total: int, facts: dict[str, Any], *, always: bool) -> Diagnosis:
    trait = seen.traits[0] if seen.traits else None
    because = [f"{top.count} of {total} exceptions of {seen.route} are {top.error_type} at {where}, in {top.function}: {top.message}."]
    if trait:
        because.append(
            f"{trait.failed_with} of {trait.failed} failed requests have {trait.said}, {trait.others_with} of {trait.others} others do (p {trait.p_value:.1g})."
        )
    if always:
        because.append(f"{seen.smallest.request} is enough to fail, every time; {len(seen.smallest.without)} other parts did not matter.")
    if seen.asked.get("versions"):
        because.append(f"Since {seen.asked.get('first_at') or 'the log begins'}, in version {', '.join(seen.asked['versions'][:3])}.")
    alike = [one.said for one in seen.traits if trait and (one.failed_with, one.others_with) == (trait.failed_with, trait.others_with)]
    said = " or ".join(
        {one.split(" ")[0]: one for one in reversed(alike)}.values()
    )  # the plainest of each parameter: more are not told apart
    what = f" for {said}" if said else f": {seen.smallest.request} is enough" if always else ""
    summary = f"{seen.route} ends with an unhandled {top.error_type} at {where}{what}."
    file, _, line = where.rpartition(":")
    request = seen.smallest.request if always else str(seen.asked.get("example", ""))
    target = {"file": file, "line": int(line), "error_type": top.error_type, "request": request, "input_class": said}
    return Diagnosis(Status.PROBLEM, CODE, f"{top.error_type} at {where}", summary, target, because, [], facts, fix="keep_failing_request")


def _where(top: Raised, files: Sequence[str]) -> str:
    """Return `file:line` as the checkout names the file: the longest path of it that the traceback's ends with; else the traceback's last two parts."""
    ending = max((file for file in files if top.file == file or top.file.endswith(f"/{file}")), key=len, default="")
    return f"{ending or '/'.join(top.file.replace(chr(92), '/').split('/')[-2:])}:{top.line}"
