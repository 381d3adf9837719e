"""Give the application more threads for its plain `def` handlers, where its lifespan begins."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.errors import FixFailed, ParameterError
from helpers.git.connect import Checkout
from helpers.git.edits import Edit, changed, diff_of, span, with_import
from helpers.git.patches import CodePatch, Patch
from helpers.git.project import Function, Module, Project, dotted, read_project

__all__ = ["ThreadLimit"]

MOST = 1000  # each has a stack of its own, and all share one interpreter
_LIMITER = "anyio.to_thread.current_default_thread_limiter()"
_LINE = f"{_LIMITER}.total_tokens"


@dataclass(frozen=True)
class ThreadLimit(CodePatch):
    """Patch the lifespan so that `threads` threads run what is no `async def`; a number that is set already is changed."""

    threads: int

    def __post_init__(self) -> None:
        if not 1 <= self.threads <= MOST:
            raise ParameterError(f"thread_limit needs a number of threads from 1 to {MOST}.")

    async def made(self, checkout: Checkout) -> Patch:
        """Return the patch. Raises FixFailed when the number is set by what is no number, or there is no lifespan."""
        project = await read_project(checkout)
        module, edits, what = await asyncio.to_thread(self._edits, checkout, project)
        source = checkout.text(module.path)
        body = (
            f"All threads that run `def` handlers were taken, and requests waited for one. {what}\n"
            "This is room, not a cure: what holds a thread for long is better awaited, or given a limiter of its own."
        )
        advice = (
            "Await the slow call (an async client), or run it with an anyio.CapacityLimiter of its own: its handlers then wait for each other only.",
            "Each thread may want a database connection: compare with the pool's size before it is deployed.",
        )
        diff = diff_of(module.path, source, changed(source, edits))
        return Patch(diff, f"perf: {self.threads} threads for def handlers", body, (what,), advice)

    def _edits(self, checkout: Checkout, project: Project) -> tuple[Module, list[Edit], str]:
        for module, node in _set_already(project):
            source = checkout.text(module.path)
            if not isinstance(node.value, ast.Constant):
                where = f"{module.path}:{node.lineno}"
                raise FixFailed(
                    f"The number of threads is set at {where} by {ast.unparse(node.value)}.", remedy=f"Set that to {self.threads}."
                )
            return (
                module,
                [Edit(*span(source, node.value), str(self.threads))],
                f"There are {self.threads} now, {ast.unparse(node.value)} before.",
            )
        found = next(_lifespans(project), None)
        if found is None:
            raise FixFailed("The application has no lifespan in this checkout.", remedy=f"At its start: {_LINE} = {self.threads}")
        source, first = checkout.text(found.module.path), _first(found)
        start = span(source, first)[0]
        line = Edit(start, start, f"{_LINE} = {self.threads}\n{' ' * first.col_offset}")
        edits = [line, *with_import(source, found.module.tree, "anyio.to_thread")]
        return found.module, edits, f"There are {self.threads} now, of anyio's 40 by default."


def _set_already(project: Project) -> Iterator[tuple[Module, ast.Assign]]:
    for module in project.modules.values():
        for node in ast.walk(module.tree) if not module.is_test else ():
            if isinstance(node, ast.Assign) and any(isinstance(t, ast.Attribute) and t.attr == "total_tokens" for t in node.targets):
                yield module, node


def _lifespans(project: Project) -> Iterator[Function]:
    """Yield what is given as `lifespan=` to a call, wherever it was imported from."""
    for module in project.modules.values():
        for node in ast.walk(module.tree) if not module.is_test else ():
            if isinstance(node, ast.Call):
                given = next((keyword.value for keyword in node.keywords if keyword.arg == "lifespan"), None)
                found = project.function(module.meaning(dotted(given))) if given is not None else None
                if found is not None and found.is_async:
                    yield found


def _first(function: Function) -> ast.stmt:
    """Return the first statement behind the docstring."""
    body = function.node.body
    documented = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) and len(body) > 1
    return body[1] if documented else body[0]
