"""Which calls that block are reached from code that runs on the event loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from helpers.git.blocking import kind_of
from helpers.git.callgraph import Call, CallGraph
from helpers.git.connect import Checkout
from helpers.git.project import Function, Project, read_project
from helpers.git.reach import routes_reaching
from helpers.git.routes import routes_of
from helpers.results import CheckResult, Status

__all__ = ["BlockingCall", "blocking_calls"]

DEEPEST = 8  # calls from the async function to the one that blocks
RULES = "ASYNC21,ASYNC22,ASYNC23,ASYNC25"  # blocking calls of HTTP, processes, files, sleep and input


@dataclass(frozen=True, slots=True)
class BlockingCall:
    """One call: where it stands, what it calls, how it gets on the loop, and the routes that come there.

    `kind` is sleep, network, process, database, cpu or file; `certain` is False where a step on the way is known by a method's name only, or no
    route is known to come there. `rule` is ruff's, where it finds it too.
    """

    file: str
    line: int
    function: str
    call: str
    kind: str
    rule: str
    routes: list[str]
    how: str
    certain: bool


async def blocking_calls(checkout: Checkout) -> CheckResult[BlockingCall]:
    """Calls that block, in `async def` or in plain functions that async code calls, those of a route first.

    Args:
        checkout: The checkout; tests in it are left out.

    Returns:
        PROBLEM with the calls, OK when there are none; UNKNOWN when there is no Python. Facts: `files`, `unread` (no Python of this version).

    Raises:
        SystemProblem: git or ruff cannot be run.

    Source: ruff's ASYNC rules; helpers/git/blocking.py.
    """
    project = await read_project(checkout)
    facts = {"files": len(project.modules), "unread": len(project.unread)}
    if not project.modules:
        return CheckResult(Status.UNKNOWN, reason="The checkout holds no Python.", remedy="Is it the right folder?", facts=facts)
    rules = {(f["filename"], f["location"]["row"]): f["code"] for f in json.loads(await checkout.ruff(RULES) or "[]")}
    named = {(_relative(checkout, file), row): code for (file, row), code in rules.items()}
    rows = await asyncio.to_thread(_found, project, named)
    if not rows:
        return CheckResult(Status.OK, [], f"No call that blocks is reached from async code, in {len(project.modules)} files.", facts=facts)
    first = rows[0]
    said = f"{len(rows)} calls that block are reached from async code; first {first.call} at {first.file}:{first.line}."
    return CheckResult(Status.PROBLEM, rows, said, facts=facts)


def _relative(checkout: Checkout, file: str) -> str:
    return file.removeprefix(str(checkout.root)).lstrip("/")


def _found(project: Project, rules: dict[tuple[str, int], str]) -> list[BlockingCall]:
    graph, routes = CallGraph(project), routes_of(project)
    found: dict[tuple[str, int], BlockingCall] = {}
    for function in project.functions():
        if not function.is_async:
            continue
        for call, way in _reached(graph, function, (), ()):
            key = (call.caller.module.path, call.line)
            coming = sorted(str(route) for route in routes_reaching(graph, routes, function))
            sure = bool(coming) and all(step.certain for step in way) and call.certain
            other = found.get(key)
            if other is None or (sure and not other.certain):
                found[key] = _row(call, way, function, coming, rules.get(key, ""), certain=sure)
            elif other.certain == sure:
                found[key] = _row(call, way, function, sorted({*other.routes, *coming}), rules.get(key, ""), certain=sure)
    return sorted(found.values(), key=lambda row: (not row.certain, row.kind == "file", not row.routes, row.file, row.line))


def _reached(
    graph: CallGraph, function: Function, way: tuple[Call, ...], seen: tuple[Function, ...]
) -> Iterator[tuple[Call, tuple[Call, ...]]]:
    """Yield the blocking calls in a function and in the plain functions it calls, with the calls that lead there."""
    for call in graph.calls.get(function, ()):
        if kind_of(call.meaning):
            yield call, way
        elif call.target is not None and not call.target.is_async and call.target not in seen and len(way) < DEEPEST:
            yield from _reached(graph, call.target, (*way, call), (*seen, function))


def _row(call: Call, way: Sequence[Call], root: Function, routes: list[str], rule: str, *, certain: bool) -> BlockingCall:
    steps = [root.name, *(step.target.name for step in way if step.target is not None)]
    how = f"in async {root.name}" if not way else f"async {' → '.join(steps)}"
    return BlockingCall(
        call.caller.module.path, call.line, call.caller.name, call.meaning, kind_of(call.meaning), rule, routes, how, certain
    )
