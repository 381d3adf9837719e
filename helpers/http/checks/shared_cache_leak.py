"""Which route's private answers a shared cache gives to others, and the header or setting that lets it.

Told apart: a route that answers the wrong caller without any cache, one answer that the process itself keeps for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from helpers.http.connect import Api
from helpers.http.routes import route_of
from helpers.results import CheckResult, Diagnosis, Status

__all__ = ["Seen", "judge", "shared_cache_leak"]

CODE = "shared_cache_leak"

Answer = CheckResult[Any] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts the judgement rests on; `settings` are the route's, None: the code is not known."""

    asked: bool
    why: str = ""
    route: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    settings: Sequence[Any] | None = None
    is_failing: bool | None = None


async def shared_cache_leak(
    api: Api,
    *,
    endpoint: str = "",
    compared: Answer = None,
    settings: Answer = None,
    handlers: Answer = None,
    is_failing: bool | None = None,
) -> Diagnosis:
    """The route, and what lets a shared cache keep its answers.

    Args:
        api: The API; it is not asked again.
        endpoint: A GET that answers each caller with his own.
        compared: Of http.callers_compared.
        settings: Of git.cache_settings.
        handlers: Of git.web_handlers: which route a path is.
        is_failing: Whether a leak was seen.

    Returns:
        PROBLEM with `GET /route: setting at file:line` as subject; OK when each is given his own; UNKNOWN when the callers cannot be compared, both
        are given the same without a cache, too (`unauthorised_route` asks why), or no cache gave what is another's.

    Source: FAULTS.md B6.
    """
    if compared is None or compared.status not in (Status.OK, Status.PROBLEM):
        return judge(Seen(asked=False, why=f"{compared.reason} {compared.remedy}" if compared is not None else ""))
    route = route_of(endpoint, handlers.rows if handlers is not None else [])
    own = [row for row in settings.rows if row.serves(route)] if settings is not None and settings.status is Status.OK else None
    return judge(Seen(True, "", route, compared.facts, own, is_failing))


def judge(seen: Seen) -> Diagnosis:
    """Return what the facts add up to; pure."""
    if not seen.asked:
        return Diagnosis(Status.UNKNOWN, summary=f"The callers were not compared. {seen.why}".strip())
    facts = {"route": seen.route, **seen.facts}
    if not seen.facts.get("leaks"):
        if seen.is_failing:
            return Diagnosis(
                Status.UNKNOWN, summary=f"{seen.route} gave one what is the other's before, and each his own now.", facts=facts
            )
        if seen.facts.get("without_cache"):
            said = f"{seen.route} gives both the same, without a cache, too: it is nobody's alone, or it does not ask whose it is (runbook unauthorised_route)."
            return Diagnosis(Status.UNKNOWN, summary=said, facts=facts)
        return Diagnosis(Status.OK, summary=f"{seen.route} gives no caller what is another's.", facts=facts)
    if seen.facts.get("made"):
        said = f"{seen.route} gives one what is the other's, and no cache before it gave that: look at what the process keeps between requests."
        return Diagnosis(Status.UNKNOWN, summary=said, facts=facts)
    return _named(seen, ", ".join(seen.facts.get("kept", ())), facts)


def _named(seen: Seen, kept: str, facts: dict[str, Any]) -> Diagnosis:
    setting = next(iter(seen.settings or ()), None)
    where = f"{setting.setting} at {setting.file}:{setting.line}" if setting else f"kept by {kept}"
    because = [
        f"In {seen.facts['leaks']} of {seen.facts['rounds']} rounds one caller was given the other's answer, each time by a cache ({kept}).",
        "With a query nobody asked before, each is given his own.",
    ]
    if seen.facts.get("to_nobody"):
        because.append("A caller without credentials is given it as well.")
    if setting is not None:
        because.append(f"{setting.file}:{setting.line} lets a shared cache keep it: {setting.setting}.")
    target: dict[str, Any] = {"route": seen.route, "private": True}
    if setting is not None:
        target |= {"file": setting.file, "line": setting.line, "kind": setting.kind}
    summary = f"{seen.route} gives one user what is another's: a shared cache keeps its answers ({where}). Purge it now, and treat it as an exposure of data."
    return Diagnosis(Status.PROBLEM, CODE, f"{seen.route}: {where}", summary, target, because, [], facts, fix="uncache_route")
