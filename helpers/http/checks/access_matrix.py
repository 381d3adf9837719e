"""Who may read which route: nobody, one tenant, another; asked with GET only, and without keeping what was answered."""

from __future__ import annotations

from helpers.http.access import Access
from helpers.http.access_run import matrix_of
from helpers.http.connect import Api
from helpers.results import CheckResult, Status

__all__ = ["access_matrix"]


async def access_matrix(
    api: Api, *, private: str = "", credentials_a: str = "", credentials_b: str = "", public: str = "", path: str = ""
) -> CheckResult[Access]:
    """Routes by who is answered, those that answer whom they should not first.

    Wrong is that a route answers anybody with data though it was given as private, its description names a security scheme, or the route
    above it asks for credentials; and that it answers another tenant what it answers the first.

    Args:
        api: The API; at most 40 routes are asked, three times each.
        private: `GET /orders/7, GET /customers/7`: what belongs to tenant A, and nobody else may read.
        credentials_a: A reference (`env:NAME`, `file:PATH`) to tenant A's token, or to a whole header.
        credentials_b: The same of another tenant.
        public: Routes that anybody may read.
        path: Where the OpenAPI document is; empty: where frameworks put it.

    Returns:
        PROBLEM with the routes; OK when all that should ask for credentials do; UNKNOWN when nothing could be asked, or no route refuses
        anybody and none was given as private. Facts: `asked`, `refused`, `found`.

    Raises:
        ParameterError: credentials that are no reference, or a method that is not GET.

    Source: OWASP API Security Top 10 (2023), API1 and API2; FAULTS.md B7.
    """
    matrix = await matrix_of(api, private=private, a=credentials_a, b=credentials_b, public=public, document=path)
    rows = await matrix.ask(api)
    refused, found = sum(row.nobody in (401, 403) for row in rows), [row for row in rows if row.finding]
    facts = {"asked": len(rows), "refused": refused, "found": [row.route for row in found]}
    if not any(row.nobody for row in rows):
        return CheckResult(
            Status.UNKNOWN, rows, reason="No route could be asked.", remedy="Name some as `private`: GET /orders/7.", facts=facts
        )
    if found:
        said = f"{len(found)} of {len(rows)} routes answer whom they should not; first {found[0].route}: {found[0].finding}."
        return CheckResult(Status.PROBLEM, sorted(rows, key=lambda row: not row.finding), said, facts=facts)
    if not refused:
        reason = f"None of {len(rows)} routes asks for credentials: nothing here says which should."
        return CheckResult(Status.UNKNOWN, rows, reason=reason, remedy="Name what only one tenant may read as `private`.", facts=facts)
    return CheckResult(Status.OK, rows, f"{refused} of {len(rows)} routes ask for credentials, and none below them does not.", facts=facts)
