"""Whether one caller is given another's answer, who gives it, and whether strangers get it, too."""

from __future__ import annotations

from helpers.http.callers import Both, ask_both
from helpers.http.connect import Api
from helpers.http.credentials import headers_of
from helpers.results import CheckResult, Status

__all__ = ["callers_compared"]

ROUNDS = 3


async def callers_compared(api: Api, *, endpoint: str = "", credentials_a: str = "", credentials_b: str = "") -> CheckResult[Both]:
    """Let A and B ask in turns, and compare what they are given; of the answers only statuses and headers are kept.

    Args:
        api: The API; seven GET requests a round.
        endpoint: A GET that answers each caller with his own; empty: SKIPPED.
        credentials_a: A reference (`env:NAME`, `file:PATH`) to A's token, or to a whole header such as `Cookie: …`.
        credentials_b: The same of B.

    Returns:
        PROBLEM when one was given the other's answer; UNKNOWN when A is not answered; OK otherwise. Facts: `leaks`, `kept` (caches that gave them),
        `without_cache` (both are given the same with new queries, too), `to_nobody`, `refused_a`.

    Raises:
        ParameterError: credentials that are no reference.

    Source: FAULTS.md B6; OWASP, Web Cache Deception.
    """
    if not (endpoint and credentials_a and credentials_b):
        remedy = "Give `endpoint`, `credentials_a` and `credentials_b`."
        return CheckResult(Status.SKIPPED, reason="There are no two callers to compare.", remedy=remedy)
    a, b = headers_of(credentials_a), headers_of(credentials_b)
    rows = [await ask_both(api, endpoint, a, b) for _ in range(ROUNDS)]
    leaks = [row for row in rows if row.leaks]
    facts = {
        "rounds": len(rows),
        "leaks": len(leaks),
        "kept": sorted({row.kept for row in leaks if row.kept}),
        "made": sum(not row.kept for row in leaks),
        "without_cache": any(row.own_same for row in rows),
        "to_nobody": any(row.to_nobody for row in rows),
        "refused_a": all(row.status_a in (401, 403) for row in rows),
        "status_b": rows[-1].status_b,
    }
    if not any(200 <= row.status_a < 300 for row in rows):
        return CheckResult(
            Status.UNKNOWN, rows, reason=f"A is not answered ({rows[-1].status_a}).", remedy="Are A's credentials valid?", facts=facts
        )
    said = f"One was given the other's answer in {len(leaks)} of {len(rows)} rounds."
    return CheckResult(Status.PROBLEM if leaks else Status.OK, rows, said, facts=facts)
