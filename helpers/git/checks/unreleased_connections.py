"""Where code takes a database connection and does not give it back in every case."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from helpers.git.acquired import acquired
from helpers.git.callgraph import CallGraph
from helpers.git.connect import Checkout
from helpers.git.project import Project, read_project
from helpers.git.reach import routes_reaching
from helpers.git.routes import routes_of
from helpers.results import CheckResult, Status

__all__ = ["UnreleasedConnection", "unreleased_connections"]


@dataclass(frozen=True, slots=True)
class UnreleasedConnection:
    """One place; `how` says when it stays taken, `certain` is False where a caller may give it back."""

    file: str
    line: int
    function: str
    call: str
    how: str
    routes: list[str]
    certain: bool


async def unreleased_connections(checkout: Checkout) -> CheckResult[UnreleasedConnection]:
    """Connections and sessions that are taken outside of a `with`, and not given back in a `finally`; those of a route first.

    Args:
        checkout: The checkout; tests in it are left out.

    Returns:
        PROBLEM with the places; OK when there are none; UNKNOWN when there is no Python. Facts: `files`, `unread` (no Python of this version).

    Raises:
        SystemProblem: git cannot be run.

    Source: FAULTS.md A3; the documentation of asyncpg, psycopg and SQLAlchemy on pools.
    """
    project = await read_project(checkout)
    facts = {"files": len(project.modules), "unread": len(project.unread)}
    if not project.modules:
        return CheckResult(Status.UNKNOWN, reason="The checkout holds no Python.", remedy="Is it the right folder?", facts=facts)
    rows = await asyncio.to_thread(_found, project)
    if not any(row.certain for row in rows):
        said = f"Every connection that is taken is given back whatever happens, in {len(project.modules)} files."
        return CheckResult(Status.OK, rows, said, facts=facts)
    said = f"{rows[0].call} at {rows[0].file}:{rows[0].line} is {rows[0].how}; {sum(row.certain for row in rows)} such places."
    return CheckResult(Status.PROBLEM, rows, said, facts=facts)


def _found(project: Project) -> list[UnreleasedConnection]:
    graph, routes = CallGraph(project), routes_of(project)
    rows = []
    for one in acquired(graph):
        function = one.call.caller
        coming = sorted({str(route) for route in routes_reaching(graph, routes, function)})
        row = UnreleasedConnection(function.module.path, one.call.line, function.name, one.call.meaning, one.how, coming, one.certain)
        rows.append(row)
    return sorted(rows, key=lambda row: (not row.certain, not row.routes, row.file, row.line))
