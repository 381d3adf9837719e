"""No def, no branch, no loop, no SQL, no %magic in a notebook: that is work for helpers/."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from helpers.runner.notebook import Cell, Notebook, Problem

__all__ = ["no_logic"]

_DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_BRANCHES = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.TryStar, ast.Match)
_MAGIC = re.compile(r"(?m)^\s*([%!]\S+)")
_SQL = re.compile(r"(?i)\b(select\s.+\sfrom|insert\s+into|update\s+\S+\s+set|delete\s+from|(create|alter|drop)\s+(table|index|role))\b")


def no_logic(book: Notebook) -> Iterator[Problem]:
    """Yield each definition, branch, statement of SQL and magic in the code cells; what is not Python is a problem too."""
    for cell in book.code:
        magic = _MAGIC.search(cell.text)
        if cell.tree is None and magic:
            yield Problem(cell.number, f"`{magic[1]}` is a magic", "plain Python; packages are installed before it is run")
        elif cell.tree is None:
            yield Problem(cell.number, f"it is not Python: {cell.broken}", "code that parses")
        else:
            yield from _nodes(cell, cell.tree)


def _nodes(cell: Cell, tree: ast.Module) -> Iterator[Problem]:
    for node in ast.walk(tree):
        if isinstance(node, _DEFINES):
            yield Problem(cell.number, f"{_word(node)} defines something", "a check, a probe or a fix in helpers/, and one call of it")
        elif isinstance(node, _BRANCHES):
            yield Problem(cell.number, f"{_word(node)} branches", "no branches: a check that judges, whose answer is shown")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and (found := _SQL.search(node.value)):
            yield Problem(cell.number, f"SQL: `{found[0][:40]}`", "a check in helpers/postgres/checks/, with its .sql beside it")


def _word(node: ast.AST) -> str:
    return f"`{type(node).__name__.removeprefix('Async').removesuffix('Def').lower()}` (line {getattr(node, 'lineno', 1)})"
