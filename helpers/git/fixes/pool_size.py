"""Give each process a larger connection pool, as far as the server has room."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.errors import FixFailed, ParameterError
from helpers.git.connect import Checkout
from helpers.git.edits import Edit, changed, diff_of, span
from helpers.git.patches import CodePatch, Patch
from helpers.git.project import Module, Project, dotted, read_project

__all__ = ["PoolSize"]

MOST = 1000
# What makes a pool → its argument for the size, and the size where none is given.
MAKERS = {
    "asyncpg.create_pool": ("max_size", 10),
    "asyncpg.pool.create_pool": ("max_size", 10),
    "psycopg_pool.AsyncConnectionPool": ("max_size", 4),
    "psycopg_pool.ConnectionPool": ("max_size", 4),
    "sqlalchemy.create_engine": ("pool_size", 5),
    "sqlalchemy.ext.asyncio.create_async_engine": ("pool_size", 5),
}


@dataclass(frozen=True)
class PoolSize(CodePatch):
    """Patch the size of the pool from `current` (as it runs) to `size` connections for each process."""

    size: int
    current: int

    def __post_init__(self) -> None:
        if not 0 < self.size <= MOST or self.current < 1:
            raise ParameterError(f"pool_size needs sizes from 1 to {MOST}.")

    async def made(self, checkout: Checkout) -> Patch:
        """Return the patch. Raises FixFailed when the server has no room for more, or the size is not set in the code."""
        if self.size <= self.current:
            raise FixFailed(
                f"The server has no room for more than the {self.current} connections that each process has.",
                remedy="Hold each for a shorter time, run fewer processes, or put a pooler (PgBouncer) between.",
            )
        project = await read_project(checkout)
        module, edit = await asyncio.to_thread(self._edit, checkout, project)
        source = checkout.text(module.path)
        what = f"Each process may have {self.size} connections, {self.current} before."
        body = (
            f"Requests waited for a connection of the pool. {what}\nIt is room for the work there is: the work itself is as slow as it was."
        )
        advice = (
            "Hold connections for a shorter time first: a larger pool moves the queue to the server.",
            "Give acquire a time-out, so that a pool that is used up answers with an error instead of waiting for ever.",
        )
        diff = diff_of(module.path, source, changed(source, [edit]))
        return Patch(diff, f"perf: {self.size} connections for each process", body, (what,), advice)

    def _edit(self, checkout: Checkout, project: Project) -> tuple[Module, Edit]:
        found = list(_makers(project))
        if len(found) != 1:
            places = ", ".join(f"{module.path}:{node.lineno}" for module, node, _ in found) or "nowhere"
            raise FixFailed(f"Which pool it is cannot be told: pools are made {places}.", remedy=f"Set its size to {self.size}.")
        module, call, (argument, usual) = found[0]
        given = next((keyword.value for keyword in call.keywords if keyword.arg == argument), None)
        if given is None:
            end = span(checkout.text(module.path), call)[1] - 1
            comma = "" if checkout.text(module.path).encode()[:end].decode().rstrip().endswith((",", "(")) else ", "
            return module, Edit(end, end, f"{comma}{argument}={self._new(argument, usual)}")
        where, value = _value(project, module, given)
        if value is None or not isinstance(value.value, int):
            raise FixFailed(f"The size is {ast.unparse(given)}, set outside of the code.", remedy=f"Set it to {self.size} where it is set.")
        if argument == "max_size" and value.value != self.current:
            raise FixFailed(
                f"The code says {value.value}, and the process runs with {self.current}: its environment sets it.",
                remedy=f"Set {ast.unparse(given)} to {self.size} there.",
            )
        return where, Edit(*span(checkout.text(where.path), value), str(self._new(argument, value.value)))

    def _new(self, argument: str, old: int) -> int:
        """SQLAlchemy's pool may overflow by a number of its own, which stays."""
        return self.size if argument == "max_size" else old + self.size - self.current


def _makers(project: Project) -> Iterator[tuple[Module, ast.Call, tuple[str, int]]]:
    for module in project.modules.values():
        for node in ast.walk(module.tree) if not module.is_test else ():
            if isinstance(node, ast.Call) and (known := MAKERS.get(module.meaning(dotted(node.func)))):
                yield module, node, known


def _value(project: Project, module: Module, given: ast.expr) -> tuple[Module, ast.Constant | None]:
    """Return the number itself: given as such, by a name of the module, or as the only default of a setting of that name."""
    if isinstance(given, ast.Constant):
        return module, given
    if isinstance(given, ast.Name):
        return module, next((value for name, value in _constants(module.tree.body) if name == given.id), None)
    if not isinstance(given, ast.Attribute):
        return module, None
    found = [
        (other, value)
        for other in project.modules.values()
        for node in (ast.walk(other.tree) if not other.is_test else ())
        if isinstance(node, ast.ClassDef)
        for name, value in _constants(node.body)
        if name == given.attr
    ]
    return found[0] if len(found) == 1 else (module, None)


def _constants(body: list[ast.stmt]) -> Iterator[tuple[str, ast.Constant]]:
    for node in body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                yield dotted(target), node.value
