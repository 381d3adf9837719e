"""Let a blocking call run on a thread, where the async function that gets to it awaits it."""

from __future__ import annotations

import ast
import asyncio
from dataclasses import dataclass

from helpers.errors import FixFailed
from helpers.git.blocking import CPU, kind_of
from helpers.git.callgraph import Call, CallGraph
from helpers.git.connect import Checkout
from helpers.git.edits import Edit, changed, diff_of, in_thread, span, with_import
from helpers.git.patches import CodePatch, Patch
from helpers.git.project import Function, Project, read_project
from helpers.git.reach import ways_to

__all__ = ["UnblockCall"]

NEAR_LINES = 3  # a stack names the line a statement is at, which may span several


@dataclass(frozen=True)
class UnblockCall(CodePatch):
    """Patch the async code that reaches the blocking call at `file`:`line`.

    `time.sleep` in async code becomes `await asyncio.sleep`; anything else is awaited by `asyncio.to_thread`, at the place where async code
    calls the function that blocks.
    """

    file: str
    line: int

    async def made(self, checkout: Checkout) -> Patch:
        """Return the patch. Raises FixFailed when the code does not show how async code gets there."""
        project = await read_project(checkout)
        return await asyncio.to_thread(self._made, checkout, project)

    def _made(self, checkout: Checkout, project: Project) -> Patch:
        graph = CallGraph(project)
        blocking = self._blocking(graph)
        crossings = list(dict.fromkeys(ways_to(graph, blocking)))
        if not crossings:
            raise FixFailed(
                f"How async code gets to {self.file}:{self.line} is not seen in the code.",
                remedy="Where the blocking function is called from async code, await asyncio.to_thread(function, …).",
            )
        by_file: dict[str, list[Call]] = {}
        for call in crossings:
            by_file.setdefault(call.caller.module.path, []).append(call)
        diff = "".join(_patched(checkout, path, calls) for path, calls in sorted(by_file.items()))
        where = ", ".join(sorted({f"{call.caller.module.path}:{call.line}" for call in crossings}))
        body = (
            f"{blocking.meaning} at {self.file}:{self.line} blocks the event loop: while it lasts, no other request of\n"
            f"its process is served. It is awaited now, at {where}."
        )
        effects = [f"Changes {where}; {blocking.meaning} runs on a thread of the pool from then on."]
        if kind_of(blocking.meaning) == CPU:
            effects.append(
                "It computes: a thread frees the event loop where the call lets go of the interpreter's lock, which most of hashlib does."
            )
        advice = ("What runs on a thread must not touch what only the event loop may: sessions, connections, contexts of this request.",)
        return Patch(diff, f"fix: await {blocking.meaning} instead of blocking", body, tuple(effects), advice)

    def _blocking(self, graph: CallGraph) -> Call:
        near = [
            call
            for function, calls in graph.calls.items()
            if function.module.path == self.file
            for call in calls
            if kind_of(call.meaning) and call.line - NEAR_LINES <= self.line <= (call.node.end_lineno or call.line) + NEAR_LINES
        ]
        if near:
            return min(near, key=lambda call: abs(call.line - self.line))
        inside = [
            call
            for function, calls in graph.calls.items()
            if _holds(function, self.file, self.line)
            for call in calls
            if _on(call, self.line)
        ]
        if not inside:
            raise FixFailed(f"{self.file}:{self.line} holds no call in the checkout.", remedy="Is the checkout at the version that runs?")
        return inside[0]


def _holds(function: Function, file: str, line: int) -> bool:
    return function.module.path == file and function.node.lineno <= line <= (function.node.end_lineno or 0)


def _on(call: Call, line: int) -> bool:
    return call.line <= line <= (call.node.end_lineno or call.line)


def _patched(checkout: Checkout, path: str, calls: list[Call]) -> str:
    source, tree = checkout.text(path), calls[0].caller.module.tree
    edits = [_awaited(source, tree, call) for call in calls]
    return diff_of(path, source, changed(source, [*edits, *with_import(source, tree, "asyncio")]))


def _awaited(source: str, tree: ast.Module, call: Call) -> Edit:
    if call.meaning == "time.sleep":
        start, end = span(source, call.node)
        function = span(source, call.node.func)
        return Edit(start, end, "await asyncio.sleep" + source.encode()[function[1] : end].decode())
    return in_thread(source, tree, call.node)
