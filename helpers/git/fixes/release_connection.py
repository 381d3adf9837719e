"""Give a connection back whatever happens: the place that takes it becomes a `with`."""

from __future__ import annotations

import ast
import asyncio
import io
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from helpers.errors import FixFailed
from helpers.git.acquired import Acquired, acquired, gives_back
from helpers.git.callgraph import CallGraph
from helpers.git.connect import Checkout
from helpers.git.edits import changed, diff_of, span
from helpers.git.patches import CodePatch, Patch
from helpers.git.project import Project, read_project

__all__ = ["ReleaseConnection"]

NEAR_LINES = 3
STEP = "    "
NO_CONTEXT = ("asyncpg.connect",)  # what they return is no context manager


@dataclass(frozen=True)
class ReleaseConnection(CodePatch):
    """Patch the function that takes a connection at `file`:`line`: `async with pool.acquire() as connection:` around all that uses it."""

    file: str
    line: int

    async def made(self, checkout: Checkout) -> Patch:
        """Return the patch. Raises FixFailed when the place is not found, or what it takes leaves the function."""
        project = await read_project(checkout)
        return await asyncio.to_thread(self._made, checkout, project)

    def _made(self, checkout: Checkout, project: Project) -> Patch:
        found = self._found(project)
        where = f"{self.file}:{found.call.line}"
        if not found.name or not found.certain or found.call.meaning in NO_CONTEXT:
            raise FixFailed(
                f"What is taken at {where} is {found.how}, and no `with` can be put around it by itself.",
                remedy="Give it back in a `finally` where its use ends.",
            )
        source = checkout.text(self.file)
        after = changed(_wrapped(source, found), [])
        body = (
            f"{found.call.meaning} at {where} was {found.how}: each time, the pool has one connection less until the process ends.\n"
            "It is a `with` now, which gives it back however the function ends."
        )
        effects = (f"{found.call.caller.name} gives its connection back whatever happens; nothing else changes.",)
        advice = (
            "Restart the processes that run now: what they have lost does not come back by itself.",
            "Give acquire a time-out, so that a pool that is used up answers with an error instead of waiting for ever.",
        )
        return Patch(
            diff_of(self.file, source, after), f"fix: give back the connection in {found.call.caller.node.name}", body, effects, advice
        )

    def _found(self, project: Project) -> Acquired:
        inside = [
            one
            for one in acquired(CallGraph(project))
            if one.call.caller.module.path == self.file
            and one.call.line - NEAR_LINES <= self.line <= (one.call.node.end_lineno or one.call.line) + NEAR_LINES
        ]
        if not inside:
            raise FixFailed(
                f"{self.file}:{self.line} takes no connection that stays taken, in the checkout.",
                remedy="Is the checkout at the version that runs?",
            )
        return min(inside, key=lambda one: abs(one.call.line - self.line))


def _wrapped(source: str, found: Acquired) -> str:
    """Return the file with the statements that use the connection inside of a `with`, and its release behind them gone."""
    function = found.call.caller.node
    block, at = _block(function, found.call.node)
    uses = [number for number in range(at + 1, len(block)) if _names(block[number], found.name)]
    end = uses[-1] if uses else at
    if any(node.lineno > (block[end].end_lineno or 0) for node in _uses(function, found.name)):
        raise FixFailed("The connection is used behind the block that takes it.", remedy="Give it back in a `finally` of the function.")
    inside = [statement for statement in block[at + 1 : end + 1] if not _only_gives_back(statement, found.name)]
    gone = [statement for statement in block[at + 1 : end + 1] if _only_gives_back(statement, found.name)]
    taking = block[at]
    indent = " " * taking.col_offset
    start, stop = span(source, found.call.node)
    call = source.encode()[start:stop].decode()
    head = f"{indent}{'async with' if _is_async(function, taking, found.name) else 'with'} {call} as {found.name}:\n"
    lines = source.splitlines(keepends=True)
    fixed = _string_lines(source)
    dropped = {number for statement in gone for number in _lines_of(statement)}
    moved = "".join(
        line if number in fixed or not line.strip() else STEP + line
        for number, line in enumerate(lines, 1)
        if (taking.end_lineno or 0) < number <= (block[end].end_lineno or 0) and number not in dropped
    )
    rest = moved if inside else f"{indent}{STEP}pass\n"
    return "".join(lines[: taking.lineno - 1]) + head + rest + "".join(lines[max(block[end].end_lineno or 0, taking.end_lineno or 0) :])


def _block(function: ast.AST, call: ast.Call) -> tuple[Sequence[ast.stmt], int]:
    """Return the innermost list of statements that holds the call, and which of them does."""
    found: tuple[Sequence[ast.stmt], int] | None = None
    for node in ast.walk(function):
        for name in ("body", "orelse", "finalbody"):
            block: Sequence[ast.stmt] = getattr(node, name, None) or ()
            for number, statement in enumerate(block if isinstance(block, list) else ()):
                if any(each is call for each in ast.walk(statement)):
                    found = (block, number)  # ast.walk goes outside in
    if found is None:
        raise FixFailed("The statement that takes the connection is not found.")
    return found


def _uses(function: ast.AST, name: str) -> Iterator[ast.Name]:
    return (node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == name)


def _names(statement: ast.stmt, name: str) -> bool:
    return any(True for _ in _uses(statement, name))


def _only_gives_back(statement: ast.stmt, name: str) -> bool:
    if not isinstance(statement, ast.Expr):
        return False
    return gives_back(statement.value.value if isinstance(statement.value, ast.Await) else statement.value, name)


def _is_async(function: ast.AST, taking: ast.stmt, name: str) -> bool:
    """What is awaited to be taken, or whose methods are."""
    if isinstance(getattr(taking, "value", None), ast.Await):
        return True
    return any(isinstance(node, ast.Await) and _names(ast.Expr(node.value), name) for node in ast.walk(function))


def _lines_of(statement: ast.stmt) -> range:
    return range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)


def _string_lines(source: str) -> set[int]:
    """Return the lines that go on a string begun before: their blanks are part of it."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    kinds = (tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING))  # from Python 3.12 on an f-string is several tokens
    many = (token for token in tokens if token.type in kinds and token.end[0] > token.start[0])
    return {number for token in many for number in range(token.start[0] + 1, token.end[0] + 1)}
