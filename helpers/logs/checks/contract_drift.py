"""Which input a route demands since a version, so that clients that were fine are rejected.

Rests on what the log says of rejected requests by version, on the declarations of both versions in the checkout, and on the fields that
the rejections themselves name. Told apart: clients that began to send something else (the same version took others before), requests for
what is not there, expired credentials, failures of the server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from helpers.logs.connect import LogFiles
from helpers.results import CheckResult, Diagnosis, Status
from helpers.route_names import is_of_route, shape_of_route

__all__ = ["Seen", "contract_drift", "judge"]

CODE = "contract_drift"
NAMED = 0.5  # as many lines name the field as half of the route's rejections: fewer may be of another route

Answer = CheckResult[Any] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts the judgement rests on; `changes` None: the code was not compared.

    `answered` are the fields that the rejection of `request` names, `named` those of log lines, of whichever route, with how often.
    """

    routes: Sequence[Any] = ()
    is_known: bool = False
    why_unknown: str = ""
    changes: Sequence[Any] | None = None
    why_no_changes: str = ""
    versions: Mapping[str, Any] = field(default_factory=dict)
    named: Mapping[str, int] = field(default_factory=dict)
    answered: Sequence[str] = ()
    request: str = ""
    demanded: Mapping[str, Sequence[str]] = field(default_factory=dict)


async def contract_drift(
    logs: LogFiles, *, rejected: Answer = None, changes: Answer = None, answer: Answer = None, described: Answer = None
) -> Diagnosis:
    """The input that a route demands since a version.

    Args:
        logs: The log files that the others' answers are about.
        rejected: Of logs.rejected_inputs: what is rejected more since a version.
        changes: Of git.contract_changes: inputs that became stricter between the two.
        answer: Of http.rejected_request: the fields that a rejected GET is rejected for.
        described: Of http.openapi: what the API that runs demands.

    Returns:
        PROBLEM with the field as subject (`body.items.sku`); OK when no version rejects more than the one before; UNKNOWN when it is not
        known which of several changes it is, or neither the code nor the rejections name a field.

    Source: FAULTS.md A7.
    """
    compared = changes is not None and changes.status in (Status.OK, Status.PROBLEM)
    return judge(
        Seen(
            routes=list(rejected.rows) if rejected else [],
            is_known=rejected is not None and rejected.status in (Status.OK, Status.PROBLEM),
            why_unknown=f"{rejected.reason} {rejected.remedy}".strip() if rejected else "The log was not asked.",
            changes=list(changes.rows) if changes and compared else None,
            why_no_changes=f"{changes.reason} {changes.remedy}".strip() if changes and not compared else "",
            versions=dict(changes.facts) if changes else {},
            named=dict(rejected.facts.get("fields", {})) if rejected else {},
            answered=[row.field for row in answer.rows] if answer else [],
            request=str(answer.facts.get("request", "")) if answer else "",
            demanded={shape_of_route(row.route): row.required for row in described.rows} if described else {},
        )
    )


def judge(seen: Seen) -> Diagnosis:
    """Return what the facts add up to; pure."""
    if not seen.is_known:
        said = f"Whether requests are rejected since a version is not known. {seen.why_unknown}"
        return Diagnosis(Status.UNKNOWN, summary=said, facts=_facts(seen))
    if not seen.routes:
        said = "No version rejects more of what it is given than the one before: clients may send something else than they did."
        return Diagnosis(Status.OK, summary=said, facts=_facts(seen))
    top = seen.routes[0]
    here = [change for change in seen.changes or () if shape_of_route(change.route) == shape_of_route(top.route)]
    named = _named(seen, top)
    chosen = [change for change in here if change.field in named] or here
    if len(chosen) == 1 or (chosen and all(change.certain and change.required for change in chosen)):
        return _because_of(seen, top, chosen)
    if chosen:
        return _several(seen, top, chosen)
    if len(named) == 1:
        return _without_code(seen, top, named[0])
    return _open(seen, top)


def _several(seen: Seen, top: Any, chosen: Sequence[Any]) -> Diagnosis:
    listed = "; ".join(f"{change.field} {change.change} ({change.file}:{change.line})" for change in chosen[:6])
    said = f"{top.route} rejects more since {top.version}; several inputs became stricter: {listed}. Log the errors' `loc` to tell."
    return Diagnosis(Status.UNKNOWN, summary=said, facts=_facts(seen))


def _named(seen: Seen, top: Any) -> list[str]:
    """Return the fields its rejections name: the answer itself, else log lines, if there are as many as can be of this route."""
    if seen.answered and is_of_route(top.route, seen.request):
        return list(seen.answered)
    return [name for name, count in seen.named.items() if count >= NAMED * top.rejected]


def _because_of(seen: Seen, top: Any, chosen: Sequence[Any]) -> Diagnosis:
    first = chosen[0]
    fields = ", ".join(change.field for change in chosen)
    because = [_share(top)]
    for change in chosen[:5]:
        was = f" (before: {change.before})" if change.before else ""
        because.append(f"{change.field} {change.change}{was}, declared at {change.file}:{change.line} in {change.owner}.")
        if change.field in _named(seen, top):
            because.append(f"Rejections name {change.field}.")
        if change.field in seen.demanded.get(shape_of_route(top.route), ()):
            because.append(f"The API that runs says in its OpenAPI document that {change.field} is required.")
    others = [change for change in seen.changes or () if change.route != first.route and change.field == first.field]
    because += [f"The same of {change.route}." for change in others[:3]]
    summary = f"{top.route} rejects requests since version {top.version}: {fields} {first.change}."
    target = {
        "route": first.route, "field": first.field, "file": first.file, "line": first.line, "owner": first.owner,
        "before": seen.versions.get("before", ""), "version": top.version,
    }  # fmt: skip
    return Diagnosis(Status.PROBLEM, CODE, fields, summary, target, because, [], _facts(seen), fix="relax_field")


def _without_code(seen: Seen, top: Any, name: str) -> Diagnosis:
    """The rejections name one field, and the version is known; where it is declared is not."""
    because = [_share(top), f"The rejections name {name}.", *([seen.why_no_changes] if seen.why_no_changes else [])]
    summary = f"{top.route} rejects requests since version {top.version} for {name}."
    target = {"route": top.route, "field": name, "version": top.version}
    return Diagnosis(Status.PROBLEM, CODE, name, summary, target, because, [], _facts(seen), fix="relax_field")


def _open(seen: Seen, top: Any) -> Diagnosis:
    if seen.changes is None:
        demanded = ", ".join(seen.demanded.get(shape_of_route(top.route), ()))
        why = f"Required now: {demanded}. {seen.why_no_changes}" if demanded else seen.why_no_changes
    else:
        why = "None of its declared inputs became stricter: its own code, a dependency or a middleware rejects."
    said = f"{_share(top)} Which field it is for is not known. {why}"
    return Diagnosis(Status.UNKNOWN, summary=" ".join(said.split()), facts=_facts(seen))


def _share(top: Any) -> str:
    return (
        f"{top.rejected} of {top.requests} requests of {top.route} are rejected since version {top.version} ({top.since}),"
        f" {top.rejected_before} of {top.requests_before} by {top.version_before} before."
    )


def _facts(seen: Seen) -> dict[str, Any]:
    return {
        "routes": len(seen.routes),
        "changes": None if seen.changes is None else len(seen.changes),
        "fields": dict(seen.named),
        "answered": list(seen.answered),
    }
