"""Which fields a request is rejected for, as the answer itself names them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from helpers.http.connect import Api, parse_endpoint
from helpers.results import CheckResult, Status

__all__ = ["RejectedField", "fields_of", "rejected_request"]

MOST = 50


@dataclass(frozen=True, slots=True)
class RejectedField:
    """One field (`query.page`) and the kind of error (`missing`); the value that was given is not kept."""

    field: str
    error: str


async def rejected_request(api: Api, *, request: str = "") -> CheckResult[RejectedField]:
    """The fields for which a request is answered with 400 or 422.

    Args:
        api: The API; one GET is made.
        request: `GET /path?query` that is rejected; empty: SKIPPED.

    Returns:
        PROBLEM with the fields (none: the answer does not name them), OK when it is not rejected; SKIPPED for a method that is not GET. Facts:
        `status`, `request` (without its query).

    Source: FastAPI documentation, "Handling Errors": `detail[].loc`; RFC 9457 as others use it: `errors[].field`.
    """
    method, path = parse_endpoint(request) if request else ("", "")
    if method != "GET":
        return CheckResult(Status.SKIPPED, reason="There is no GET to ask again.", remedy="Give a rejected one as `request`.")
    answer = await api.read(path, most_bytes=200_000)
    if answer.error:
        return CheckResult(Status.UNKNOWN, reason=f"{request} was not answered ({answer.error}).", remedy="Is the API up?")
    facts = {"status": answer.status, "request": f"{method} {path.partition('?')[0]}"}
    if answer.status not in (400, 422):
        return CheckResult(Status.OK, [], f"{request} is not rejected (HTTP {answer.status}).", facts=facts)
    rows = fields_of(answer.body)
    named = ", ".join(f"{row.field} ({row.error})" for row in rows) or "no field it names"
    return CheckResult(Status.PROBLEM, rows, f"{request} is rejected (HTTP {answer.status}) for {named}.", facts=facts)


def fields_of(body: bytes) -> list[RejectedField]:
    """Return the fields that the body of a rejection names; pure."""
    try:
        document = json.loads(body)
    except ValueError:
        return []
    listed: list[object] = next(
        (document[key] for key in ("detail", "errors") if isinstance(document, dict) and isinstance(document.get(key), list)), []
    )
    found = []
    for one in listed[:MOST]:
        if not isinstance(one, dict):
            continue
        place = one.get("loc") or one.get("field") or one.get("path")
        parts = place if isinstance(place, list) else [place]
        name = ".".join(part for part in parts if isinstance(part, str))  # positions in a list are numbers
        if name:
            found.append(RejectedField(name[:200], str(one.get("type") or one.get("code") or "")[:80]))
    return list(dict.fromkeys(found))
