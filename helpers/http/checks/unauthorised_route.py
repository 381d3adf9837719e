"""Which route of a Next.js application answers whom it should not, and what guards its neighbours.

Rests on asking each route without credentials, with those of one tenant and with another's, and on the code: what its handler is passed
through, and which paths the middleware has. Told apart: routes that are meant for anybody, credentials that expired.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.http.connect import Api
from helpers.http.routes import route_of
from helpers.results import CheckResult, Diagnosis, Status

__all__ = ["Seen", "judge", "unauthorised_route"]

CODE = "unauthorised_route"
Answer = CheckResult[Any] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts the judgement rests on; `matrix` None: nothing was asked. `handlers` and `matchers` are the code's, empty where it is not known."""

    matrix: Sequence[Any] | None = None
    why_unknown: str = ""
    handlers: Sequence[Any] = ()
    matchers: Sequence[Any] = ()
    middleware: str = ""


async def unauthorised_route(api: Api, *, matrix: Answer = None, handlers: Answer = None, middleware: Answer = None) -> Diagnosis:
    """The routes that answer whom they should not.

    Args:
        api: The API the others' answers are about.
        matrix: Of http.access_matrix.
        handlers: Of git.web_handlers.
        middleware: Of git.middleware.

    Returns:
        PROBLEM with the routes as subject; OK when all that should refuse do; UNKNOWN when nothing says which should, or the first tenant's own
        credentials are refused.

    Source: OWASP API Security Top 10 (2023), API1 and API2; FAULTS.md B7.
    """
    known = matrix is not None and matrix.status in (Status.OK, Status.PROBLEM)
    return judge(
        Seen(
            list(matrix.rows) if matrix is not None and known else None,
            f"{matrix.reason} {matrix.remedy}".strip() if matrix is not None else "No route was asked.",
            list(handlers.rows) if handlers is not None else [],
            list(middleware.rows) if middleware is not None else [],
            str(middleware.facts.get("file", "")) if middleware is not None else "",
        )
    )


def judge(seen: Seen) -> Diagnosis:
    """Return what the facts add up to; pure."""
    if seen.matrix is None:
        return Diagnosis(Status.UNKNOWN, summary=f"Who may read what is not known. {seen.why_unknown}")
    facts = {"asked": len(seen.matrix), "refused": sum(row.nobody in (401, 403) for row in seen.matrix)}
    found = [row for row in seen.matrix if row.finding]
    if found:
        return _named(seen, found, facts)
    expired = next((row for row in seen.matrix if row.private and row.a in (401, 403)), None)
    if expired is not None:
        said = f"The first tenant's own credentials are refused ({expired.route}: {expired.a}): they expired, or are another's."
        return Diagnosis(Status.UNKNOWN, summary=said, facts=facts)
    said = f"{facts['refused']} of {facts['asked']} routes refuse strangers, and none that should does not."
    return Diagnosis(Status.OK, summary=said, facts=facts)


def _named(seen: Seen, found: Sequence[Any], facts: dict[str, Any]) -> Diagnosis:
    first = found[0]
    route, tenant = route_of(first.route, seen.handlers), first.nobody != 200
    wrappers, matcher, why = ("", "", "") if tenant else _guard(seen, first.route)
    because = [f"{row.route}: {row.finding} ({row.shape[:160]})." for row in found[:5]]
    because.append(
        "Asked: " + "; ".join(f"{r.route}: nobody {r.nobody}, A {r.a or '-'}, B {r.b or '-'}" for r in (seen.matrix or ())[:12]) + "."
    )
    because += [why] if why else []
    who = "another tenant" if tenant else "anybody"
    routes = ", ".join(dict.fromkeys(route_of(row.route, seen.handlers) for row in found))
    target = {"route": route, "wrappers": wrappers, "matcher": matcher, "tenant": tenant}
    return Diagnosis(
        Status.PROBLEM, CODE, routes, f"{routes} answers {who}: {first.finding}.", target, because, [], facts, fix="guard_handler"
    )


def _guard(seen: Seen, path: str) -> tuple[str, str, str]:
    """Return what guards the routes that refuse strangers and not this one: wrappers, or the middleware's file; and how that is known."""
    by_route = {row.route: row for row in seen.handlers}
    here = by_route.get(route_of(path, seen.handlers))
    refused = [row.route for row in seen.matrix or () if row.nobody in (401, 403)]
    guarded = [by_route[route_of(each, seen.handlers)] for each in refused if route_of(each, seen.handlers) in by_route]
    chains = Counter(",".join(row.wrappers) for row in guarded if row.wrappers)
    if here is not None and chains:
        chain = chains.most_common(1)[0][0]
        missing = [name for name in chain.split(",") if name not in here.wrappers]
        if missing:
            return chain, "", f"{here.file}:{here.line} is not passed through {' and '.join(missing)}; handlers that refuse strangers are."
    plain = [each.partition(" ")[2] for each in refused]
    has = [one for one in seen.matchers if any(one.covers(each) for each in plain)]
    if has and not any(one.covers(path.partition(" ")[2]) for one in seen.matchers):
        return "", seen.middleware, f"{has[0].file}:{has[0].line} stands before {has[0].pattern}, and before nothing that this path is."
    return "", "", ""
