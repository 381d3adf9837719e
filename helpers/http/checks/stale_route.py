"""Which route answers with old data because a cache keeps it, and the setting that lets it.

Told apart: a function that answers old data itself (a cache behind it, its own memory, a replica), and a cache that makes its answer anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from helpers.http.connect import Api
from helpers.http.routes import route_of
from helpers.results import CheckResult, Diagnosis, Status

__all__ = ["Seen", "judge", "stale_route"]

CODE = "stale_route"

Answer = CheckResult[Any] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts the judgement rests on; `settings` are the route's, None: the code is not known."""

    asked: bool
    route: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    knows_stored: bool = False
    settings: Sequence[Any] | None = None
    is_failing: bool | None = None


async def stale_route(
    api: Api,
    *,
    endpoint: str = "",
    kept: Answer = None,
    settings: Answer = None,
    handlers: Answer = None,
    stored: Answer = None,
    is_failing: bool | None = None,
) -> Diagnosis:
    """The route, and what keeps its answers.

    Args:
        api: The API; it is not asked again.
        endpoint: The GET that answers old data.
        kept: Of http.kept_answers.
        settings: Of git.cache_settings.
        handlers: Of git.web_handlers: which route a path is.
        stored: Of postgres.stored_value.
        is_failing: Whether stale answers were seen.

    Returns:
        PROBLEM with `GET /route: setting at file:line` as subject; OK when what is answered is stored; UNKNOWN when what is stored is not known, or
        the function itself answers what is not.

    Source: FAULTS.md B5.
    """
    if kept is None or kept.status not in (Status.OK, Status.PROBLEM):
        return judge(Seen(asked=False))
    route = route_of(endpoint, handlers.rows if handlers is not None else [])
    own = [row for row in settings.rows if row.serves(route)] if settings is not None and settings.status is Status.OK else None
    return judge(Seen(True, route, kept.facts, stored is not None and stored.status is Status.OK, own, is_failing))


def judge(seen: Seen) -> Diagnosis:
    """Return what the facts add up to; pure."""
    if not seen.asked:
        return Diagnosis(Status.UNKNOWN, summary="No request was made: give a GET as `endpoint`.")
    facts = {"route": seen.route, **seen.facts}
    if not seen.knows_stored:
        said = "What is stored is not known: give `truth`, a query of one value, and `field`, where the answer has it."
        return Diagnosis(Status.UNKNOWN, summary=said, facts=facts)
    kept = ", ".join(seen.facts.get("kept", ()))
    if not seen.facts.get("stale"):
        if seen.is_failing:
            said = f"{seen.route} answered old data before, and what is stored now: something makes it anew by itself."
            return Diagnosis(Status.UNKNOWN, summary=said, facts=facts)
        return Diagnosis(Status.OK, summary=f"{seen.route} answers what is stored.", facts=facts)
    if seen.facts.get("stale_made"):
        said = (
            f"{seen.route} answers old data also when no cache before it gives the answer: look behind it, "
            "at Redis (runbook stale_cache), what the process keeps in memory, or a replica that is behind."
        )
        return Diagnosis(Status.UNKNOWN, summary=said, facts=facts)
    return _named(seen, kept, facts)


def _named(seen: Seen, kept: str, facts: dict[str, Any]) -> Diagnosis:
    setting = next(iter(sorted(seen.settings or (), key=lambda one: (one.kind == "segment") != ("PRERENDER" in kept))), None)
    where = f"{setting.setting} at {setting.file}:{setting.line}" if setting else f"kept by {kept}"
    fresh = seen.facts.get("new_query_fresh")
    because = [
        f"{seen.facts['stale_kept']} answers are not what is stored, and each was given by a cache ({kept}).",
        "With a query nobody asked before it answers what is stored."
        if fresh
        else "A query nobody asked before changes nothing: the path alone is the key.",
    ]
    if setting is not None:
        because.append(f"{setting.file}:{setting.line} lets it: {setting.setting}.")
    target = {"route": seen.route, "file": setting.file, "line": setting.line, "kind": setting.kind} if setting else {"route": seen.route}
    summary = f"{seen.route} answers old data because a cache keeps it ({where})."
    return Diagnosis(Status.PROBLEM, CODE, f"{seen.route}: {where}", summary, target, because, [], facts, fix="uncache_route")
