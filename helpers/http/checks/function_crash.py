"""Why a function's process ends: memory that one route fills, a variable or a module that is missing wherever it starts.

Told apart: an error the application answers itself (`empty_errors`), a time-out of the platform (`function_timeout`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from helpers.http.connect import Api
from helpers.http.routes import route_of
from helpers.results import CheckResult, Diagnosis, Status

__all__ = ["Seen", "function_crash", "judge"]

CODE = "function_crash"
OVER_S = 60.0  # before the last process ended: what was last said then is not why this one did
Answer = CheckResult[Any] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts the judgement rests on; `words` None: the log is not known. `last_exit` is when a process ended last (ISO)."""

    asked: bool
    route: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    words: Sequence[Any] | None = None
    exits: int = 0
    last_exit: str = ""
    is_failing: bool | None = None


async def function_crash(
    api: Api, *, endpoint: str = "", scope: Answer = None, words: Answer = None, handlers: Answer = None, is_failing: bool | None = None
) -> Diagnosis:
    """The reason for which processes end.

    Args:
        api: The API; it is not asked again.
        endpoint: The GET that crashes.
        scope: Of http.crash_scope.
        words: Of logs.last_words.
        handlers: Of git.web_handlers: which route a path is.
        is_failing: Whether crashes were seen.

    Returns:
        PROBLEM with `memory: GET /route`, `variable: NAME` or `module: name` as subject; `function_timeout` where the platform ended it for its
        duration; OK when it answers; UNKNOWN when the log gives no reason, or several.

    Source: FAULTS.md B4.
    """
    if scope is None or scope.status not in (Status.OK, Status.PROBLEM):
        return judge(Seen(asked=False))
    known = words is not None and words.status in (Status.OK, Status.PROBLEM)
    return judge(
        Seen(
            True,
            route_of(endpoint, handlers.rows if handlers is not None else []),
            scope.facts,
            list(words.rows) if words is not None and known else None,
            int(words.facts.get("exits", 0)) if words is not None and known else 0,
            str(words.facts.get("last_exit") or "") if words is not None and known else "",
            is_failing,
        )
    )


def judge(seen: Seen) -> Diagnosis:
    """Return what the facts add up to; pure."""
    if not seen.asked:
        return Diagnosis(Status.UNKNOWN, summary="No request was made: give a GET as `endpoint`.")
    facts = {"route": seen.route, "exits": seen.exits, **seen.facts}
    if seen.facts.get("timed_out"):
        said = f"{seen.route} is ended by the platform for its duration, and does not crash."
        return Diagnosis(Status.PROBLEM, "function_timeout", seen.route, said, facts=facts)
    if not seen.facts.get("code"):
        if seen.is_failing:
            return Diagnosis(Status.UNKNOWN, summary=f"{seen.route} crashed before, and answers now.", facts=facts)
        return Diagnosis(Status.OK, summary=f"{seen.route} does not crash.", facts=facts)
    said = f"{seen.route} crashes ({seen.facts['code']})"
    if seen.words is None:
        return Diagnosis(Status.UNKNOWN, summary=f"{said}; why is in the log: name it as the profile's `logs`.", facts=facts)
    all_crash = seen.facts.get("others_crash") == seen.facts.get("others")
    fitting = [one for one in seen.words if _is_said_now(one, seen) and not (all_crash and one.reason == "memory")] if seen.exits else []
    if len(fitting) != 1:
        listed = ", ".join(f"{one.reason} {one.name}".strip() for one in seen.words) or "nothing that is known here"
        where = "with every other route" if all_crash else "and other routes do not"
        summary = f"{said}, {where}. {seen.exits} processes ended; the log says {listed}: not decided."
        return Diagnosis(Status.UNKNOWN, summary=summary, facts=facts)
    return _named(seen, fitting[0], facts)


def _is_said_now(word: Any, seen: Seen) -> bool:
    if not seen.last_exit:
        return True
    return (datetime.fromisoformat(seen.last_exit) - datetime.fromisoformat(word.last)).total_seconds() <= OVER_S


def _named(seen: Seen, word: Any, facts: dict[str, Any]) -> Diagnosis:
    name = seen.route if word.reason == "memory" else word.name
    everywhere = seen.facts.get("others_crash") == seen.facts.get("others")
    met = (
        "the route fills it"
        if word.reason == "memory"
        else "it is missing wherever the process starts"
        if everywhere
        else "this route needs it"
    )
    others = f"{seen.facts['others_crash']} of {seen.facts['others']} other routes crash"
    because = [
        f"{seen.route} is answered by the platform in its place: {seen.facts['code']}.",
        f"{others}: {met}.",
        f"{seen.exits} processes ended, and the log says so {word.count} times: {word.reason} {word.name}".rstrip()
        + f", first {word.first}.",
    ]
    what = {
        "memory": f"{seen.route} fills the memory of its function, and the process ends",
        "variable": f"{'No function starts' if everywhere else f'{seen.route} ends its process'}: the variable {word.name} is missing",
        "module": f"{'No function starts' if everywhere else f'{seen.route} ends its process'}: the module {word.name} is missing",
    }[word.reason]
    target = {"reason": word.reason, "what": name}
    return Diagnosis(Status.PROBLEM, CODE, f"{word.reason}: {name}", f"{what}.", target, because, [], facts, fix="crash_remedy")
