"""What the API says of itself: its routes, what each demands, and whether anybody may read that."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.http.connect import Api
from helpers.http.openapi_document import operations_in
from helpers.results import CheckResult, Status

__all__ = ["DescribedRoute", "openapi"]

DOCUMENTS = ("/openapi.json", "/api/openapi.json", "/api/v1/openapi.json", "/v1/openapi.json", "/swagger.json", "/api-docs")
PAGES = ("/docs", "/redoc", "/swagger", "/api/docs", "/api/redoc")  # FastAPI's, and where it is often mounted
# What such a page loads or is called: a single-page application answers every path with its own page.
SIGNS = (b"swagger-ui", b"redoc", b"rapidoc", b"scalar")
MOST_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class DescribedRoute:
    """One route: the inputs that must be given and those that may, by name, and the security schemes it asks for."""

    route: str
    required: list[str]
    optional: list[str]
    security: list[str]


async def openapi(api: Api, *, path: str = "") -> CheckResult[DescribedRoute]:
    """The routes that the API's OpenAPI document describes, read without credentials.

    Args:
        api: The API; at most a dozen GET requests.
        path: Where the document is; empty: where frameworks put it.

    Returns:
        OK with a row per route; UNKNOWN when there is no document, or none that anybody may read. Facts: `document` (its path), `open_pages`:
        documentation that answers without credentials, `secured`: routes that name a security scheme.

    Source: OpenAPI Specification 3.1; FastAPI documentation, "Metadata and Docs URLs".
    """
    where, rows = "", []
    for each in (path,) if path else DOCUMENTS:
        answer = await api.read(each, most_bytes=MOST_BYTES)
        if answer.error:
            return CheckResult(
                Status.UNKNOWN,
                reason=f"The API did not answer ({answer.error}).",
                remedy="Ask again when it does.",
                facts={"document": "", "open_pages": [], "routes": 0, "secured": 0},
            )
        found = operations_in(answer.body) if answer.status == 200 and answer.is_whole else []
        if found:
            where = each
            rows = [DescribedRoute(o.route, list(o.required), list(o.optional), list(o.security)) for o in found]
            break
    pages = [each for each in PAGES if await _is_open(api, each)]
    secured = sum(bool(row.security) for row in rows)
    readable = [*([where] if where else []), *pages]
    facts = {"document": where, "open_pages": readable, "routes": len(rows), "secured": secured}
    if not rows:
        remedy = "Give its path as `path`; where it is switched off, the routes come from the log or the code."
        return CheckResult(Status.UNKNOWN, reason="No OpenAPI document answers without credentials.", remedy=remedy, facts=facts)
    said = f"{len(rows)} routes are described at {where}, {secured} of them with a security scheme; anybody may read {', '.join(readable)}."
    return CheckResult(Status.OK, rows, said, facts=facts)


async def _is_open(api: Api, path: str) -> bool:
    answer = await api.read(path, most_bytes=100_000)
    return answer.status == 200 and any(sign in answer.body.lower() for sign in SIGNS)
