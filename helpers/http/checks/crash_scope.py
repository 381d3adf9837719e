"""Which routes crash: one alone, or whatever is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from helpers.http.connect import Api, parse_endpoint
from helpers.http.probes.platform_crashes import crash_code
from helpers.http.probes.platform_timeouts import LONGEST_S, timeout_code
from helpers.http.targets import UNSAFE
from helpers.results import CheckResult, Status

__all__ = ["CrashedRoute", "crash_scope"]

MOST = 5


@dataclass(frozen=True, slots=True)
class CrashedRoute:
    """One request: its path, the status, and the platform's code when it crashed."""

    path: str
    status: int
    code: str


async def crash_scope(api: Api, *, endpoint: str = "", handlers: CheckResult[Any] | None = None) -> CheckResult[CrashedRoute]:
    """Ask the route that crashes, and up to five others that need no value.

    Args:
        api: The API.
        endpoint: The GET that crashes; empty: SKIPPED.
        handlers: Of git.web_handlers: which other routes there are; without it the base address is asked.

    Returns:
        PROBLEM when the route crashes; OK otherwise. Facts: `code`, `timed_out` (the platform's code of a time-out), `others`, `others_crash`.
    """
    if not endpoint:
        return CheckResult(Status.SKIPPED, reason="There is no route to ask.", remedy="Give one as `endpoint`.")
    _, path = parse_endpoint(endpoint)
    own = await api.read(path, timeout_s=LONGEST_S)
    known = [row.route for row in handlers.rows if row.route.startswith("GET ") and "[" not in row.route] if handlers is not None else []
    others = [each[4:] for each in known if not UNSAFE.search(each) and each[4:] != path.partition("?")[0]][:MOST] or ["/"]
    rows = [CrashedRoute(path, own.status, crash_code(dict(own.headers)))]
    for each in others:
        reading = await api.read(each)
        rows.append(CrashedRoute(each, reading.status, crash_code(dict(reading.headers))))
    crashed = sum(bool(row.code) for row in rows[1:])
    facts = {"code": rows[0].code, "timed_out": timeout_code(dict(own.headers)), "others": len(others), "others_crash": crashed}
    said = f"{endpoint}: {rows[0].code or f'HTTP {own.status}'}; {crashed} of {len(others)} other routes crash, too."
    return CheckResult(Status.PROBLEM if rows[0].code else Status.OK, rows, said, facts=facts)
