"""Which statements are sent once for each row of another: a query that is awaited in a loop."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.git.callgraph import Call, CallGraph
from helpers.git.connect import Checkout
from helpers.git.project import Function, Project, dotted, read_project
from helpers.git.reach import routes_reaching
from helpers.git.routes import Route, routes_of
from helpers.results import CheckResult, Status

__all__ = ["LoopedQuery", "queries_in_loops"]

# asyncpg, psycopg, SQLAlchemy, databases, encode/orm, Tortoise: methods that send a statement.
SENDS = (
    "fetch",
    "fetchrow",
    "fetchval",
    "fetch_one",
    "fetch_all",
    "fetch_val",
    "execute",
    "scalar",
    "scalars",
    "scalar_one",
    "get_or_none",
)
LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
VERBS = ("select", "with", "insert", "update", "delete", "table", "values")
DEEPEST = 4


@dataclass(frozen=True, slots=True)
class LoopedQuery:
    """One query that runs in a loop: where it is sent, where the loop is (`loop_line` of `loop_file`), its text where it is a literal."""

    file: str
    line: int
    function: str
    call: str
    sql: str
    loop_file: str
    loop_line: int
    routes: list[str]
    certain: bool


async def queries_in_loops(checkout: Checkout) -> CheckResult[LoopedQuery]:
    """Queries sent in loops, directly or by a function that the loop calls, those of a route first.

    Args:
        checkout: The checkout; tests in it are left out.

    Returns:
        PROBLEM with the queries; OK when there are none; UNKNOWN when there is no Python. A query in a loop is slow where the loop is long: how
        often it is sent in one request, only the server counts.

    Raises:
        SystemProblem: git cannot be run.

    Source: FAULTS.md A5; the methods of asyncpg, psycopg and SQLAlchemy that send a statement.
    """
    project = await read_project(checkout)
    facts = {"files": len(project.modules), "unread": len(project.unread)}
    if not project.modules:
        return CheckResult(Status.UNKNOWN, reason="The checkout holds no Python.", remedy="Is it the right folder?", facts=facts)
    rows = await asyncio.to_thread(_found, project)
    if not rows:
        return CheckResult(Status.OK, [], f"No query is sent in a loop, in {len(project.modules)} files.", facts=facts)
    said = f"{len(rows)} queries are sent in a loop; first {rows[0].file}:{rows[0].line}, in the loop at {rows[0].loop_file}:{rows[0].loop_line}."
    return CheckResult(Status.PROBLEM, rows, said, facts=facts)


def _found(project: Project) -> list[LoopedQuery]:
    graph, routes = CallGraph(project), routes_of(project)
    rows: dict[tuple[str, int, int], LoopedQuery] = {}
    for function in graph.calls:
        for loop, call in _in_loops(graph, function):
            for sent, certain in _sent(graph, call, 0):
                rows.setdefault(
                    (sent.caller.module.path, sent.line, getattr(loop, "lineno", 0)),
                    _row(graph, routes, function, loop, sent, certain=certain),
                )
    return sorted(rows.values(), key=lambda row: (not row.routes, not row.certain, row.file, row.line))


def _in_loops(graph: CallGraph, function: Function) -> Iterator[tuple[ast.AST, Call]]:
    """Yield each call with the innermost loop around it; a loop's own head runs once, and is not in it."""
    by_node = {id(call.node): call for call in graph.calls[function]}

    def walk(node: ast.AST, loop: ast.AST | None) -> Iterator[tuple[ast.AST, Call]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
                continue
            inside = node if isinstance(node, LOOPS) and child not in _heads(node) else loop
            if isinstance(child, ast.Call) and inside is not None and id(child) in by_node:
                yield inside, by_node[id(child)]
            yield from walk(child, inside)

    yield from walk(function.node, None)


def _heads(loop: ast.AST) -> list[ast.AST]:
    """What is evaluated once: `rows` of `for row in rows`, and of a comprehension."""
    if isinstance(loop, ast.For | ast.AsyncFor):
        return [loop.iter]
    generators: list[ast.comprehension] = getattr(loop, "generators", [])
    return list(generators[:1])


def _sent(graph: CallGraph, call: Call, depth: int) -> Iterator[tuple[Call, bool]]:
    """Yield the queries a call sends: itself, or those of the project's function it calls."""
    if _is_query(call):
        yield call, True
    elif call.target is not None and depth < DEEPEST:
        for inner in graph.calls.get(call.target, ()):
            for found, certain in _sent(graph, inner, depth + 1):
                yield found, certain and call.certain


def _is_query(call: Call) -> bool:
    function = call.node.func
    if call.target is not None or not isinstance(function, ast.Attribute) or function.attr not in SENDS or not call.node.args:
        return False
    return bool(sql_of(call)) or function.attr not in ("execute", "fetch")


def sql_of(call: Call) -> str:
    """Return the statement's text where the code holds it: a literal, or a name of the module for one; whitespace folded."""
    given = call.node.args[0]
    if isinstance(given, ast.Call) and dotted(given.func).rpartition(".")[2] == "text" and given.args:
        given = given.args[0]
    text = given.value if isinstance(given, ast.Constant) else _named(call, dotted(given))
    folded = " ".join(text.split()) if isinstance(text, str) else ""
    return folded if folded.lower().startswith(VERBS) else ""


def _named(call: Call, name: str) -> object:
    for root in (call.caller.node, call.caller.module.tree):
        for node in ast.walk(root):
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.value, ast.Constant)
                and any(dotted(target) == name for target in node.targets)
            ):
                return node.value.value
    return None


def _row(graph: CallGraph, routes: list[Route], function: Function, loop: ast.AST, sent: Call, *, certain: bool) -> LoopedQuery:
    coming = sorted(str(route) for route in routes_reaching(graph, routes, function))
    return LoopedQuery(
        sent.caller.module.path, sent.line, sent.caller.name, sent.meaning.rpartition(".")[2], sql_of(sent),
        function.module.path, getattr(loop, "lineno", 0), coming, certain,
    )  # fmt: skip
