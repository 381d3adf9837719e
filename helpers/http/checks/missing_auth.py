"""Which route answers whom it should not: anybody, or another tenant.

Rests on asking each route without credentials, with those of one tenant and with another's, and on what guards the routes in the code.
What was answered is neither kept nor shown, only its fields' names. Told apart: routes that are meant for anybody, credentials that
expired (then the first tenant is refused as well), an API that asks nobody for credentials.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from helpers.http.connect import Api
from helpers.results import CheckResult, Diagnosis, Status
from helpers.route_names import shape_of_route

__all__ = ["Seen", "judge", "missing_auth"]

CODE = "missing_auth"
Answer = CheckResult[Any] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts the judgement rests on; `matrix` None: it was not asked. `open_pages` is documentation that anybody may read.

    `is_code_read` is whether there is code whose routes `guards` could be.
    """

    matrix: Sequence[Any] | None = None
    why_unknown: str = ""
    guards: Sequence[Any] = ()
    open_pages: Sequence[str] = field(default_factory=list)
    production: bool = False
    is_code_read: bool = False


async def missing_auth(
    api: Api, *, matrix: Answer = None, guards: Answer = None, described: Answer = None, production: bool = False
) -> Diagnosis:
    """The routes that answer whom they should not.

    Args:
        api: The API the others' answers are about.
        matrix: Of http.access_matrix.
        guards: Of git.guards: what guards each route in the code.
        described: Of http.openapi: which documentation anybody may read.
        production: Whether documentation must not be open: it is a finding of its own then.

    Returns:
        PROBLEM with the routes as subject; OK when all that should refuse do; UNKNOWN when nothing says which should, when the first tenant's
        own credentials are refused, or when only the code lacks a guard, of a route that may not be tried.

    Source: OWASP API Security Top 10 (2023), API1, API2 and API9; FAULTS.md B7.
    """
    known = matrix is not None and matrix.status in (Status.OK, Status.PROBLEM)
    return judge(
        Seen(
            matrix=list(matrix.rows) if matrix and known else None,
            why_unknown=f"{matrix.reason} {matrix.remedy}".strip() if matrix else "No route was asked.",
            guards=list(guards.rows) if guards else [],
            open_pages=list(described.facts.get("open_pages", [])) if described else [],
            production=production,
            is_code_read=guards is not None and guards.status is not Status.SKIPPED,
        )
    )


def judge(seen: Seen) -> Diagnosis:
    """Return what the facts add up to; pure."""
    found = [row for row in seen.matrix or () if row.finding]
    if found:
        return _named(seen, found)
    if seen.production and seen.open_pages:
        return _documentation(seen)
    if seen.matrix is None:
        return Diagnosis(Status.UNKNOWN, summary=f"Who may read what is not known. {seen.why_unknown}", facts=_facts(seen))
    expired = [row for row in seen.matrix if row.private and row.a in (401, 403)]
    if expired:
        said = f"The first tenant's own credentials are refused ({expired[0].route}: {expired[0].a}): they expired, or are another's."
        return Diagnosis(Status.UNKNOWN, summary=said, facts=_facts(seen))
    refused = {row.route for row in seen.matrix if row.nobody in (401, 403)}
    bare = [row for row in seen.guards if not row.guards and row.usual and not row.route.startswith("GET ")]
    if bare and refused:
        listed = ", ".join(f"{row.route} ({row.file}:{row.line})" for row in bare[:5])
        said = f"In the code these have no guard, their neighbours {bare[0].usual.rpartition('.')[2]}: {listed}. They change things, and were not tried."
        return Diagnosis(Status.UNKNOWN, summary=said, facts=_facts(seen))
    said = f"{len(refused)} of {len(seen.matrix)} routes refuse strangers, and none that should does not."
    return Diagnosis(Status.OK, summary=said, facts=_facts(seen))


def _named(seen: Seen, found: Sequence[Any]) -> Diagnosis:
    first = found[0]
    because = [f"{row.route}: {row.finding} ({row.shape[:160]})." for row in found[:5]]
    because.append(
        "Asked: " + "; ".join(f"{r.route}: nobody {r.nobody}, A {r.a or '-'}, B {r.b or '-'}" for r in (seen.matrix or ())[:12]) + "."
    )
    code = {shape_of_route(row.route): row for row in seen.guards}
    because += [
        f"{here.function} at {here.file}:{here.line} does not depend on {here.usual}; its neighbours do."
        for here in (code.get(shape_of_route(row.route)) for row in found[:5])
        if here is not None and here.usual and here.usual not in here.guards
    ]
    if seen.production and seen.open_pages:
        because.append(f"Anybody may read {', '.join(seen.open_pages)}: a map for whoever looks.")
    here = code.get(shape_of_route(first.route))
    tenant = first.nobody != 200
    target = {"route": first.route, "tenant": tenant}
    if here is not None:
        target |= {"file": here.file, "function": here.function, "guard": here.usual}
    against = []
    if here is None and seen.is_code_read:
        against.append("The code of the profile shows no such route of FastAPI: another version, or another framework, answers it.")
    routes = ", ".join(row.route for row in found)
    said = f"{routes} answers {'another tenant' if tenant else 'anybody'}: {first.finding}."
    return Diagnosis(Status.PROBLEM, CODE, routes, said, target, because, against, _facts(seen), fix="add_guard")


def _documentation(seen: Seen) -> Diagnosis:
    pages = ", ".join(f"GET {page}" for page in seen.open_pages)
    because = [f"{pages}: answered without credentials.", "It names every route and field, for whoever looks."]
    summary = f"The API's documentation is open in production: {pages}."
    return Diagnosis(Status.PROBLEM, CODE, pages, summary, {}, because, [], _facts(seen), fix="close_documentation")


def _facts(seen: Seen) -> dict[str, Any]:
    rows = seen.matrix or ()
    return {
        "asked": len(rows), "refused": sum(row.nobody in (401, 403) for row in rows),
        "found": [row.route for row in rows if row.finding], "open_pages": list(seen.open_pages),
    }  # fmt: skip
