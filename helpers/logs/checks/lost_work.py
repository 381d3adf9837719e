"""Which route says that work is done which nobody waits for, and the promise in its code.

Told apart: work that a request waits for and that fails (then the request does), copies that are old (`stale_cache`, `stale_route`), and
failures in the background that belong to no route.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from helpers.logs.connect import LogFiles
from helpers.results import CheckResult, Diagnosis, Status

__all__ = ["Seen", "judge", "lost_work"]

CODE = "lost_work"
Answer = CheckResult[Any] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts the judgement rests on; `promises` None: the code is not known; those of routes that were answered meanwhile, otherwise."""

    failures: Sequence[Any] | None
    promises: Sequence[Any] | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    is_failing: bool | None = None


async def lost_work(
    logs: LogFiles, *, route: str = "", failures: Answer = None, promises: Answer = None, is_failing: bool | None = None
) -> Diagnosis:
    """The route, and what it does not wait for.

    Args:
        logs: The profile's log files; they are not read again.
        route: `POST /api/orders`: whose work is missing; empty: any route that was answered.
        failures: Of logs.detached_failures.
        promises: Of git.floating_promises.
        is_failing: Whether failures were seen.

    Returns:
        PROBLEM with `POST /route: call at file:line` as subject, when it is the one promise that requests of the time could have left; OK when
        nothing failed; UNKNOWN when the code is not known, or has none or several.

    Source: FAULTS.md B2.
    """
    if failures is None or failures.status not in (Status.OK, Status.PROBLEM):
        return judge(Seen(None))
    answered = failures.facts.get("answered", {})
    own = None
    if promises is not None and promises.status is Status.OK:
        reached = [one for one in promises.rows if any(one.serves(*reversed(asked.split(" ", 1))) for asked in answered)]
        own = [one for one in reached if route.strip() in ("", one.route, one.route.partition(" ")[2])]
    facts = {"failures": failures.facts.get("failures", 0), "routes_answered": len(answered)}
    return judge(Seen(list(failures.rows), own, facts, is_failing))


def judge(seen: Seen) -> Diagnosis:
    """Return what the facts add up to; pure."""
    if seen.failures is None:
        return Diagnosis(Status.UNKNOWN, summary="What failed after its answer is not known: the logs could not be read.", facts=seen.facts)
    if not seen.failures:
        if seen.is_failing:
            return Diagnosis(
                Status.UNKNOWN, summary="Work failed that nobody waited for, and the log no longer says which.", facts=seen.facts
            )
        return Diagnosis(Status.OK, summary="No work failed that nobody waits for.", facts=seen.facts)
    what = f"{seen.facts.get('failures')} times work failed that nobody waited for ({seen.failures[0].error})"
    if seen.promises is None:
        return Diagnosis(
            Status.UNKNOWN, summary=f"{what}. Whose it is is not known: name the checkout as the profile's `code`.", facts=seen.facts
        )
    places = list(dict.fromkeys((one.file, one.line) for one in seen.promises))
    if len(places) != 1:
        listed = (
            ", ".join(f"{one.text} at {one.file}:{one.line} ({one.route})" for one in seen.promises[:5])
            or "none in a route that was answered"
        )
        said = f"{what}. Promises that are not waited for: {listed}. Not decided: give the `route` whose work is missing."
        return Diagnosis(Status.UNKNOWN, summary=said, facts=seen.facts)
    return _named(seen, what)


def _named(seen: Seen, what: str) -> Diagnosis:
    one = (seen.promises or ())[0]
    because = [
        f"{what}, first {seen.failures[0].first}." if seen.failures else what,
        f"{one.route} was answered well meanwhile, and reaches {one.file}:{one.line}: {one.text} is neither awaited, returned nor handed on.",
        "No other route that was answered leaves a promise behind.",
    ]
    target = {"route": one.route, "file": one.file, "line": one.line}
    summary = f"{one.route} answers before {one.text} at {one.file}:{one.line} is done, and whatever becomes of it: it failed {seen.facts.get('failures')} times."
    return Diagnosis(
        Status.PROBLEM,
        CODE,
        f"{one.route}: {one.text} at {one.file}:{one.line}",
        summary,
        target,
        because,
        [],
        seen.facts,
        fix="await_promise",
    )
