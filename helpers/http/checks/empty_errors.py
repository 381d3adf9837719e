"""Which route answers some input with a 500 that says nothing, where it should say 400 and why.

Told apart: the platform's own errors (a crash, a time-out), errors with a body, failures that come and go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from helpers.http.connect import Api
from helpers.results import CheckResult, Diagnosis, Status

__all__ = ["Seen", "empty_errors", "judge"]

CODE = "empty_errors"
# The platform's codes, and what they say. Source: Vercel documentation, Errors; FAULTS.md B3, B4.
PLATFORM = {
    "FUNCTION_INVOCATION_TIMEOUT": "function_timeout",
    "FUNCTION_INVOCATION_FAILED": "function_crash",
}

Answer = CheckResult[Any] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts the judgement rests on: how it answers, which inputs fail, and the handler's place and wrappers."""

    asked: bool
    facts: dict[str, Any] = field(default_factory=dict)
    inputs: Sequence[Any] = ()
    route: str = ""
    place: str = ""
    wrapped: bool | None = None
    usual: str = ""


async def empty_errors(api: Api, *, inputs: Answer = None, handlers: Answer = None) -> Diagnosis:
    """The route, and the input it has no answer for.

    Args:
        api: The API; it is not asked again.
        inputs: Of http.failing_input.
        handlers: Of git.web_handlers.

    Returns:
        PROBLEM with `GET /path: parameter is …` as subject; another code where the platform says what it is; OK when the request does not fail;
        UNKNOWN when its failing is not what was asked.

    Source: FAULTS.md B1.
    """
    if inputs is None or inputs.status not in (Status.OK, Status.PROBLEM):
        return judge(Seen(asked=False))
    path = str(inputs.facts["path"])
    row = _handler(handlers, path)
    return judge(
        Seen(
            asked=True,
            facts=inputs.facts,
            inputs=inputs.rows,
            route=row.route if row else f"GET {path}",
            place=f"{row.file}:{row.line}" if row else "",
            wrapped=(handlers.facts["usual_wrapper"] in row.wrappers) if row and handlers and handlers.facts.get("usual_wrapper") else None,
            usual=str(handlers.facts.get("usual_wrapper", "")) if handlers is not None else "",
        )
    )


def _handler(handlers: Answer, path: str) -> Any:
    """Return the handler a path belongs to, the most literal; None without one."""
    fits = [row for row in (handlers.rows if handlers is not None else []) if row.serves(path)]
    return min(fits, key=lambda row: row.route.count("["), default=None)


def judge(seen: Seen) -> Diagnosis:
    """Return what the facts add up to; pure."""
    if not seen.asked:
        return Diagnosis(Status.UNKNOWN, summary="No request was made: give a GET that fails as `endpoint`.")
    facts = {"route": seen.route, **{name: seen.facts.get(name) for name in ("status", "content_type", "platform", "always")}}
    status, platform = int(seen.facts.get("status") or 0), str(seen.facts.get("platform") or "")
    if platform:
        other = PLATFORM.get(platform)
        said = f"{seen.route} is answered by the platform, not by the application: {platform}."
        return Diagnosis(Status.PROBLEM if other else Status.UNKNOWN, other, platform if other else "", said, facts=facts)
    if 0 < status < 500 and seen.facts.get("always") is False:
        return Diagnosis(Status.OK, summary=f"{seen.route} does not fail (HTTP {status}).", facts=facts)
    if not seen.facts.get("always"):
        return Diagnosis(Status.UNKNOWN, summary=f"{seen.route} fails, but not every time: not what was asked decides.", facts=facts)
    if not seen.facts.get("is_empty"):
        kind = seen.facts.get("content_type") or "no type"
        return Diagnosis(
            Status.UNKNOWN, summary=f"{seen.route} fails with HTTP {status} and an answer ({kind}): somebody handled it.", facts=facts
        )
    return _named(seen, facts)


def _named(seen: Seen, facts: dict[str, Any]) -> Diagnosis:
    told = [one for one in seen.inputs if one.what]
    undecided = [one.parameter for one in seen.inputs if not one.what and one.works and one.fails]
    if undecided and not told:
        said = f"{seen.route} fails for some values of {', '.join(undecided)}, and which ones they have in common is not decided."
        return Diagnosis(Status.UNKNOWN, summary=said, facts=facts)
    what = " and ".join(f"{one.parameter} {one.what}" for one in told) or "every request"
    because = [f"HTTP {facts['status']} without a body and without a type, each time."]
    because += [f"{one.parameter}: fails when {', '.join(one.fails)}; does not when {', '.join(one.works)}." for one in told]
    if seen.wrapped is False:
        because.append(f"Its handler ({seen.place}) does not pass through {seen.usual}, as most others do: nobody catches what it throws.")
    elif seen.wrapped:
        because.append(
            f"Its handler ({seen.place}) passes through {seen.usual}: it gives no answer at all, or the wrapper does not await it."
        )
    summary = f"{seen.route} answers with an empty 500 when {what}." if told else f"{seen.route} answers every request with an empty 500."
    target = {"route": seen.route, "wrapper": seen.usual, "what": what}
    return Diagnosis(Status.PROBLEM, CODE, f"{seen.route}: {what}", summary, target, because, [], facts, fix="answer_bad_input")
