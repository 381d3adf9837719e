"""What the systems behind a request do while it hangs: statements that run as long as it does, locks they wait for."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from helpers.errors import ProfileError, SystemProblem
from helpers.http.connect import Api, Reading, parse_endpoint
from helpers.http.probes.platform_timeouts import LONGEST_S, timeout_code
from helpers.results import CheckResult, Status

__all__ = ["BusyStatement", "waited_for"]

EVERY_S = 0.5
LONG = 0.5  # of the request's time: a statement that runs as long is what it waits for
_STATEMENTS = """
    select pid, coalesce(application_name, '') as application, extract(epoch from clock_timestamp() - query_start)::float8 as runs_s,
        coalesce(wait_event_type, '') as waits, left(query, 300) as query
    from pg_stat_activity
    where state = 'active' and pid <> pg_backend_pid() and backend_type = 'client backend' and query_start is not null
    order by query_start limit 50
"""


@dataclass(frozen=True, slots=True)
class BusyStatement:
    """A statement that ran while the request hung: for how long at most, and what it waited for (`Lock`, or nothing)."""

    application: str
    runs_s: float
    waits: str
    query: str


async def waited_for(
    api: Api, *, endpoint: str = "", systems: Callable[[str], Awaitable[Any]] | None = None, timeout_s: float = 330.0
) -> CheckResult[BusyStatement]:
    """Make the request once more, and look at PostgreSQL meanwhile.

    Args:
        api: The API.
        endpoint: The GET that hangs; empty: SKIPPED.
        systems: Gives the session of `postgres`; without it, or without such a system, only the request is watched.
        timeout_s: Seconds it may take.

    Returns:
        PROBLEM when the platform ended it, OK when it was answered; rows are statements that ran for half its time or longer: those that ran
        longer than `took_s` began before it. Facts: `took_s`, `code`, `status`, `looked` (whether PostgreSQL was watched), `request_id`.
    """
    del timeout_s  # the incident's
    if not endpoint:
        return CheckResult(Status.SKIPPED, reason="There is no GET that hangs.", remedy="Give one as `endpoint`.")
    _, path = parse_endpoint(endpoint)
    postgres = await _postgres(systems)
    began = time.monotonic()
    asked = asyncio.ensure_future(api.read(path, timeout_s=LONGEST_S))
    seen: dict[tuple[int, str], BusyStatement] = {}
    while not asked.done():
        await asyncio.wait({asked}, timeout=EVERY_S)
        for row in await _active(postgres):
            seen[row["pid"], row["query"]] = BusyStatement(row["application"], round(row["runs_s"], 1), row["waits"], row["query"])
    return _result(asked.result(), endpoint, time.monotonic() - began, list(seen.values()), looked=postgres is not None)


def _result(reading: Reading, endpoint: str, took: float, seen: list[BusyStatement], *, looked: bool) -> CheckResult[BusyStatement]:
    code = timeout_code(dict(reading.headers))
    rows = sorted((one for one in seen if one.runs_s >= LONG * took), key=lambda one: -one.runs_s)
    facts = {
        "took_s": round(took, 2),
        "code": code,
        "status": reading.status,
        "looked": looked,
        "request_id": reading.headers.get("x-vercel-id", ""),
    }
    said = f"{endpoint} took {took:.1f} s ({code or f'HTTP {reading.status}'}); {len(rows)} statements ran as long."
    return CheckResult(Status.PROBLEM if code else Status.OK, rows, said, facts=facts)


async def _postgres(systems: Callable[[str], Awaitable[Any]] | None) -> Any:
    if systems is None:
        return None
    with contextlib.suppress(ProfileError, SystemProblem):
        return await systems("postgres")
    return None


async def _active(postgres: Any) -> list[Any]:
    if postgres is None:
        return []
    try:
        return list(await postgres.fetch(_STATEMENTS))
    except SystemProblem:
        return []
