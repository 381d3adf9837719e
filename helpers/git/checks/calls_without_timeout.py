"""Which calls of other services have no bound that the code shows: no time-out, or attempts that multiply it."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass

from helpers.git.callgraph import CallGraph
from helpers.git.connect import Checkout
from helpers.git.outbound import HttpCall, attempts_of, host_of, http_calls, in_transaction, timeout_of
from helpers.git.project import Project, read_project
from helpers.git.reach import routes_reaching
from helpers.git.routes import Route, routes_of
from helpers.results import CheckResult, Status

__all__ = ["Outbound", "calls_without_timeout"]


@dataclass(frozen=True, slots=True)
class Outbound:
    """One call: `host` is that of a literal URL or the setting's name, `timeout` of one attempt, `retries` how many there may be.

    `bound_s` is the longest it may take, None where it has no bound or the code does not show one. `in_transaction`: while one is open.
    """

    file: str
    line: int
    function: str
    call: str
    host: str
    timeout: str
    retries: str
    bound_s: float | None
    in_transaction: bool
    routes: list[str]
    certain: bool


async def calls_without_timeout(checkout: Checkout) -> CheckResult[Outbound]:
    """Calls of other services over HTTP, those without a bound first.

    Args:
        checkout: The checkout; tests in it are left out.

    Returns:
        PROBLEM when a call has no bound, or is made while a transaction is open; OK otherwise; UNKNOWN when there is no Python.

    Raises:
        SystemProblem: git cannot be run.

    Source: FAULTS.md A8; defaults as each library's documentation says (httpx 5 s, aiohttp 300 s, requests and urllib none).
    """
    project = await read_project(checkout)
    facts = {"files": len(project.modules), "unread": len(project.unread)}
    if not project.modules:
        return CheckResult(Status.UNKNOWN, reason="The checkout holds no Python.", remedy="Is it the right folder?", facts=facts)
    rows = await asyncio.to_thread(_found, project)
    worst = [row for row in rows if row.bound_s is None or row.in_transaction]
    if worst:
        said = f"{len(worst)} of {len(rows)} calls of other services have no bound, or hold a transaction open; first {worst[0].file}:{worst[0].line}."
        return CheckResult(Status.PROBLEM, rows, said, facts=facts)
    return CheckResult(Status.OK, rows, f"All of {len(rows)} calls of other services have a bound.", facts=facts)


def _found(project: Project) -> list[Outbound]:
    graph, routes = CallGraph(project), routes_of(project)
    rows = [_row(graph, routes, found) for found in http_calls(graph)]
    return sorted(rows, key=lambda row: (row.bound_s is not None, not row.in_transaction, -(row.bound_s or 0), row.file, row.line))


def _row(graph: CallGraph, routes: list[Route], found: HttpCall) -> Outbound:
    call, timeout = found.call, timeout_of(found)
    attempts, _ = attempts_of(call)
    bound = timeout * attempts if isinstance(timeout, float) and math.isfinite(attempts) else None
    said = "none" if timeout is None else f"{timeout:g} s" if isinstance(timeout, float) else timeout
    coming = sorted(str(route) for route in routes_reaching(graph, routes, call.caller))
    return Outbound(
        call.caller.module.path, call.line, call.caller.name, call.meaning, host_of(found), said,
        f"{attempts:g}" if math.isfinite(attempts) else "no bound", bound, in_transaction(call) is not None, coming, call.certain,
    )  # fmt: skip
