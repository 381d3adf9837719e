"""Where code takes a database connection (or a session that holds one), and whether it gives it back whatever happens."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.git.callgraph import Call, CallGraph
from helpers.git.project import Function, dotted

__all__ = ["NEVER", "Acquired", "acquired", "gives_back"]

NEVER, SOMETIMES, HANDED_ON = "never given back", "given back only if nothing is raised or returned before", "handed to its caller"
# What returns a connection, or a session that takes one with its first statement.
TAKES = (
    "asyncpg.connect", "psycopg.connect", "psycopg.AsyncConnection.connect", "psycopg2.connect", "sqlalchemy.orm.Session",
    "sqlalchemy.ext.asyncio.AsyncSession", "sqlalchemy.create_engine.connect", "sqlalchemy.create_engine.raw_connection",
    "sqlalchemy.ext.asyncio.create_async_engine.connect",
)  # fmt: skip
FACTORIES = ("sqlalchemy.orm.sessionmaker", "sqlalchemy.ext.asyncio.async_sessionmaker", "sqlalchemy.orm.scoped_session")
POOL_METHODS = ("acquire", "getconn", "connection")
GIVES = ("release", "close", "aclose", "putconn", "terminate")
KEEPS = ("enter_context", "enter_async_context", "callback", "push_async_callback", "push", "closing", "aclosing", "add_task")


@dataclass(frozen=True, slots=True, eq=False)
class Acquired:
    """One place that takes a connection and is no `with`: the name it is given (empty: none), and how it ends."""

    call: Call
    name: str
    how: str

    @property
    def certain(self) -> bool:
        """Whether it stays taken: what is handed on may be given back by somebody else."""
        return self.how != HANDED_ON


def acquired(graph: CallGraph) -> Iterator[Acquired]:
    """Yield the places that take a connection and do not give it back in every case, tests left out."""
    for function, calls in graph.calls.items():
        within = {id(node) for context in _contexts(function.node) for node in ast.walk(context)}
        for call in calls:
            if _takes(graph, call) and id(call.node) not in within:
                found = _ends(function, call)
                if found is not None:
                    yield found


def _contexts(function: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        if isinstance(node, ast.With | ast.AsyncWith):
            yield from (item.context_expr for item in node.items)
        elif isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in KEEPS:
            yield from node.args


def _takes(graph: CallGraph, call: Call) -> bool:
    if call.meaning in TAKES:
        return True
    owner, _, last = dotted(call.node.func).rpartition(".")
    if last in POOL_METHODS and "pool" in owner.rpartition(".")[2].lower():
        return True
    module, _, name = call.meaning.rpartition(".")
    return module in graph.project.modules and graph.project.modules[module].made.get(name) in FACTORIES


def _ends(function: Function, call: Call) -> Acquired | None:
    """Return how it ends; None where it is given back whatever happens."""
    for node in ast.walk(function.node):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _inner(node.value) is call.node:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if len(targets) == 1 and isinstance(targets[0], ast.Name):
                return _of_name(function, call, targets[0].id)
            return Acquired(call, "", HANDED_ON)  # an attribute: whoever has the object gives it back
        if isinstance(node, ast.Return) and node.value is not None and _inner(node.value) is call.node:
            return Acquired(call, "", HANDED_ON)
    return Acquired(call, "", NEVER)


def _inner(value: ast.expr) -> ast.expr:
    return value.value if isinstance(value, ast.Await) else value


def _of_name(function: Function, call: Call, name: str) -> Acquired | None:
    held = {node.id for context in _contexts(function.node) for node in ast.walk(context) if isinstance(node, ast.Name)}
    last = [statement for node in ast.walk(function.node) if isinstance(node, ast.Try) for statement in node.finalbody]
    if name in held or any(gives_back(node, name) for statement in last for node in ast.walk(statement)):
        return None
    if any(isinstance(node, ast.Return) and isinstance(node.value, ast.Name) and node.value.id == name for node in ast.walk(function.node)):
        return Acquired(call, name, HANDED_ON)
    given = any(gives_back(node, name) for node in ast.walk(function.node))
    return Acquired(call, name, SOMETIMES if given else NEVER)


def gives_back(node: ast.AST, name: str) -> bool:
    """Whether it is `pool.release(name)` or `name.close()`."""
    if not isinstance(node, ast.Call):
        return False
    owner, _, last = dotted(node.func).rpartition(".")
    return last in GIVES and (owner == name or any(isinstance(each, ast.Name) and each.id == name for each in node.args))
