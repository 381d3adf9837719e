"""Which handlers write more than once outside a transaction: what stays when the second write fails."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.git.callgraph import Call, CallGraph
from helpers.git.checks.queries_in_loops import sql_of
from helpers.git.connect import Checkout
from helpers.git.outbound import in_transaction
from helpers.git.project import Function, Project, read_project
from helpers.git.reach import routes_reaching
from helpers.git.routes import routes_of
from helpers.results import CheckResult, Status

__all__ = ["WritePair", "multi_step_writes"]

WRITES = ("insert", "update", "delete", "merge")
SENDS = ("execute", "executemany", "fetch", "fetchrow", "fetchval")
DEEPEST = 4


@dataclass(frozen=True, slots=True)
class WritePair:
    """Two writes of one function that follow each other, each in a transaction of its own. Lines are those of the calls in that function."""

    file: str
    line: int
    second_line: int
    function: str
    first_sql: str
    second_sql: str
    routes: list[str]
    certain: bool


async def multi_step_writes(checkout: Checkout) -> CheckResult[WritePair]:
    """Pairs of writes outside a transaction, those of a route first.

    Args:
        checkout: The checkout; tests in it are left out.

    Returns:
        PROBLEM with the pairs; OK when there are none; UNKNOWN when there is no Python. Only statements that the code holds as text are seen: what
        an ORM writes at its flush is one transaction by itself.

    Raises:
        SystemProblem: git cannot be run.
    """
    project = await read_project(checkout)
    facts = {"files": len(project.modules), "unread": len(project.unread)}
    if not project.modules:
        return CheckResult(Status.UNKNOWN, reason="The checkout holds no Python.", remedy="Is it the right folder?", facts=facts)
    rows = await asyncio.to_thread(_found, project)
    if not rows:
        return CheckResult(Status.OK, [], f"No function writes twice outside a transaction, in {len(project.modules)} files.", facts=facts)
    first = rows[0]
    said = f"{len(rows)} pairs of writes are no transaction; first {first.file}:{first.line} and :{first.second_line}, in {first.function}."
    return CheckResult(Status.PROBLEM, rows, said, facts=facts)


def _found(project: Project) -> list[WritePair]:
    graph, routes = CallGraph(project), routes_of(project)
    rows = []
    for function in graph.calls:
        writes = sorted(_writes(graph, function), key=lambda found: (found[0].line, found[0].node.col_offset))
        for (first, sql), (second, other) in itertools.pairwise(writes):
            if in_transaction(first) is None or in_transaction(first) is not in_transaction(second):
                coming = sorted(str(route) for route in routes_reaching(graph, routes, function))
                certain = first.certain and second.certain
                rows.append(WritePair(function.module.path, first.line, second.line, function.name, sql, other, coming, certain))
    return sorted(rows, key=lambda row: (not row.routes, not row.certain, row.file, row.line))


def _writes(graph: CallGraph, function: Function) -> Iterator[tuple[Call, str]]:
    """Yield the calls of a function that write, themselves or by what they call, with the first statement they send."""
    for call in graph.calls[function]:
        found = next(_sent(graph, call, 0), "")
        if found:
            yield call, found


def _sent(graph: CallGraph, call: Call, depth: int) -> Iterator[str]:
    attribute = getattr(call.node.func, "attr", "")
    if call.target is None:
        if attribute in SENDS and call.node.args and sql_of(call).lower().startswith(WRITES):
            yield sql_of(call)
    elif depth < DEEPEST:
        for inner in graph.calls.get(call.target, ()):
            if in_transaction(inner) is None:
                yield from _sent(graph, inner, depth + 1)
