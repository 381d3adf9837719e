"""Put two writes that belong together into one transaction."""

from __future__ import annotations

import ast
import asyncio
from dataclasses import dataclass

from helpers.errors import FixFailed
from helpers.git.connect import Checkout
from helpers.git.edits import changed, diff_of
from helpers.git.patches import CodePatch, Patch
from helpers.git.project import Function, Project, dotted, read_project

__all__ = ["WrapTransaction"]

BY_HAND = "Open one transaction around both: async with connection.transaction(), or session.begin()."
# How a connection of each library opens a transaction, by the methods that only it has.
OPENS = {"executemany": "transaction()", "fetchval": "transaction()", "fetchrow": "transaction()", "scalars": "begin()", "add": "begin()"}


@dataclass(frozen=True)
class WrapTransaction(CodePatch):
    """Wrap what stands from the call at `file`:`first` to that at `second` into one transaction; the rows are named for their repair."""

    file: str
    first: int
    second: int
    parent: str = ""
    child: str = ""
    column: str = ""
    parent_column: str = ""

    async def made(self, checkout: Checkout) -> Patch:
        """Return the patch. Raises FixFailed where the two do not stand in one block, or use two connections."""
        project = await read_project(checkout)
        return await asyncio.to_thread(self._made, checkout, project)

    def _made(self, checkout: Checkout, project: Project) -> Patch:
        function = self._function(project)
        block = _block(function.node, self.first, self.second)
        source = checkout.text(self.file)
        receiver, opens = _connection(function, block)
        lines = source.splitlines(keepends=True)
        start, end = block[0].lineno - 1, block[-1].end_lineno or block[-1].lineno
        indent = lines[start][: len(lines[start]) - len(lines[start].lstrip())]
        with_ = "async with" if function.is_async else "with"
        inner = [f"    {line}" if line.strip() else line for line in lines[start:end]]
        after = "".join([*lines[:start], f"{indent}{with_} {receiver}.{opens}:\n", *inner, *lines[end:]])
        diff = diff_of(self.file, source, changed(after, []))
        body = (
            f"What {self.file}:{self.first} writes stayed when {self.file}:{self.second} failed.\n"
            f"Both are one transaction now: they are there together, or not at all."
        )
        effects = [f"{self.file}:{self.first} to :{self.second} become one transaction; its locks are held until the second is written."]
        return Patch(
            diff, f"fix: write {self.parent or 'both'} and {self.child or 'both'} in one transaction", body, tuple(effects), self._advice()
        )

    def _function(self, project: Project) -> Function:
        for module in project.modules.values():
            for function in module.functions.values():
                last = function.node.end_lineno or 0
                if module.path == self.file and function.node.lineno <= self.first <= last and self.second <= last:
                    return function
        raise FixFailed(f"{self.file}:{self.first} and :{self.second} are in no one function of the checkout.", remedy=BY_HAND)

    def _advice(self) -> tuple[str, ...]:
        if not self.parent:
            return ()
        lacks = f"not exists (select from {self.child} c where c.{self.column} = p.{self.parent_column})"
        shown = f"select * from {self.parent} p where {lacks}"  # noqa: S608 - text for a person; names are SQL already
        return (f"Rows that are there already: {shown}. Complete or delete each: somebody may have paid for it.",)


def _block(node: ast.AST, first: int, second: int) -> list[ast.stmt]:
    """Return the statements, from the one with the first call to the one with the second, of the innermost block that holds both."""
    for inner in ast.walk(node):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(inner, name, None)
            if not isinstance(block, list):
                continue
            at = [n for n, one in enumerate(block) if isinstance(one, ast.stmt) and _holds(one, first)]
            to = [n for n, one in enumerate(block) if isinstance(one, ast.stmt) and _holds(one, second)]
            if at and to and at[0] < to[0]:
                return block[at[0] : to[0] + 1]
    raise FixFailed("The two writes do not stand in one block.", remedy=BY_HAND)


def _holds(statement: ast.stmt, line: int) -> bool:
    return statement.lineno <= line <= (statement.end_lineno or statement.lineno)


def _connection(function: Function, block: list[ast.stmt]) -> tuple[str, str]:
    """Return the name of the one connection that the block writes with, and how it opens a transaction."""
    calls = [node for one in block for node in ast.walk(one) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    used = {
        dotted(call.func.value): OPENS[call.func.attr] for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in OPENS
    }
    used = {name: opens for name, opens in used.items() if name}
    used = used or _handed_on(function)
    if len(used) != 1:
        raise FixFailed(
            f"The two writes use {len(used)} connections that are known ({', '.join(used) or 'none'}) in {function.name}.", remedy=BY_HAND
        )
    return next(iter(used.items()))


def _handed_on(function: Function) -> dict[str, str]:
    """Return the parameters that are connections by their annotation, and are handed to what writes."""
    arguments = (*function.node.args.posonlyargs, *function.node.args.args, *function.node.args.kwonlyargs)
    handed = {dotted(argument) for node in ast.walk(function.node) if isinstance(node, ast.Call) for argument in node.args}
    kinds = {argument.arg: dotted(argument.annotation).rpartition(".")[2] for argument in arguments if argument.annotation is not None}
    return {
        name: "begin()" if kind.endswith("Session") else "transaction()"
        for name, kind in kinds.items()
        if name in handed and kind.endswith(("Session", "Connection", "Database"))
    }
