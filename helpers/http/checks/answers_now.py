"""What a GET answers now, by its status."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from helpers.http.connect import Api, parse_endpoint
from helpers.results import CheckResult, Status

__all__ = ["AnswerCount", "answers_now"]


@dataclass(frozen=True, slots=True)
class AnswerCount:
    """How often a status came; `platform` is the platform's own code, where it answered instead of the application."""

    status: int
    platform: str
    count: int


async def answers_now(api: Api, *, endpoint: str = "", times: int = 3) -> CheckResult[AnswerCount]:
    """The statuses of a few requests, one after the other.

    Args:
        api: The API; each request has a connection of its own.
        endpoint: A GET; empty: nothing is asked.
        times: How many.

    Returns:
        PROBLEM when one of them is 500 or more, or none came; OK otherwise; SKIPPED without an endpoint.

    Raises:
        ParameterError: the endpoint is no GET with a path.

    """
    if not endpoint:
        return CheckResult(Status.SKIPPED, reason="No endpoint was given.", remedy="Give a GET that fails as `endpoint`.")
    _, path = parse_endpoint(endpoint)
    readings = [await api.read(path, most_bytes=10_000) for _ in range(times)]
    count = Counter((one.status, one.headers.get("x-vercel-error", "")) for one in readings)
    rows = [AnswerCount(status, code, number) for (status, code), number in count.most_common()]
    failed = sum(one.count for one in rows if one.status >= 500 or not one.status)
    told = ", ".join(f"{one.status or 'nothing'} ({one.count} of {times})" for one in rows)
    said = f"{endpoint} answers {told}."
    return CheckResult(Status.PROBLEM if failed else Status.OK, rows, said)
