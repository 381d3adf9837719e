"""Which keywords a call gets, dict literals behind ** with them: read, never executed."""

from __future__ import annotations

import ast

from helpers.runner.notebook import Notebook

__all__ = ["keywords_of"]


def keywords_of(book: Notebook, call: ast.Call) -> set[str] | None:
    """Return the keywords of the call, and the keys of the dicts behind **; None where one of these is not a literal."""
    names = {keyword.arg for keyword in call.keywords if keyword.arg is not None}
    for keyword in call.keywords:
        if keyword.arg is None:
            keys = _keys(book, keyword.value, set())
            if keys is None:
                return None
            names |= keys
    return names


def _keys(book: Notebook, value: ast.expr, seen: set[str]) -> set[str] | None:
    if isinstance(value, ast.Name):
        literals = [] if value.id in seen else _assigned(book, value.id)
        every = [_keys(book, literal, seen | {value.id}) for literal in literals]
        return None if not every or None in every else {key for keys in every for key in keys or ()}
    if not isinstance(value, ast.Dict):
        return None
    names = {str(key.value) for key in value.keys if isinstance(key, ast.Constant)}
    for key, inner in zip(value.keys, value.values, strict=True):
        if key is None:
            keys = _keys(book, inner, seen)
            if keys is None:
                return None
            names |= keys
    return names


def _assigned(book: Notebook, name: str) -> list[ast.expr]:
    """What is assigned to a name, and merged into it by |=."""
    nodes = [node for cell in book.code if cell.tree for node in cell.tree.body]
    found = [n.value for n in nodes if isinstance(n, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in n.targets)]
    merged = [n.value for n in nodes if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name) and n.target.id == name]
    return [*found, *merged]
