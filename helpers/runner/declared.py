"""The parameters a notebook declares: literals read from its `parameters` cell, never executed."""

from __future__ import annotations

import ast
import io
import tokenize
from dataclasses import dataclass
from typing import Any

from helpers.errors import UsageError

__all__ = ["Parameter", "declared_parameters"]

SCALARS = ("bool", "int", "float", "str")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: `type` is `bool`, `int`, `float`, `str`, `list`, `list[int]` …, or one of them with ` | None`."""

    name: str
    type: str
    default: Any
    description: str = ""


def declared_parameters(source: str) -> list[Parameter]:
    """Return the parameters a cell assigns, in order; the comment behind an assignment is its description.

    Raises:
        UsageError: the cell is not Python, or assigns something that is not a literal; all of it is named.

    """
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise UsageError(f"The parameters cell is not Python: {error.msg} (line {error.lineno}).") from None
    comments = _comments(source)
    found, problems = [], []
    for node in tree.body:
        try:
            found.append(_parameter(node, comments))
        except ValueError:
            problems.append(f"line {node.lineno}: `{ast.unparse(node)[:80]}`")
    if problems:
        raise UsageError(
            f"The parameters cell may hold only literals assigned to names: {'; '.join(problems)}.",
            remedy="Use int, float, str, bool, list or None.",
        )
    return found


def _parameter(node: ast.stmt, comments: dict[int, str]) -> Parameter:
    target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else getattr(node, "target", None)
    value = getattr(node, "value", None)
    if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(target, ast.Name) or value is None:
        raise ValueError
    default = ast.literal_eval(value)
    annotation = ast.unparse(node.annotation).strip("'\"") if isinstance(node, ast.AnnAssign) else ""
    return Parameter(target.id, _type(default, annotation), default, comments.get(node.end_lineno or node.lineno, ""))


def _type(default: Any, annotation: str) -> str:
    """The literal's own type; an annotation only tells what a default of None, or an optional one, may become."""
    parts = {part.strip() for part in annotation.replace("Optional[", "None |").rstrip("]").split("|")} if "None" in annotation else set()
    optional = " | None" if default is None or "None" in parts else ""
    if default is None:
        named = next((part for part in sorted(parts) if part in SCALARS), "str")
        return f"{named}{optional}"
    if isinstance(default, list):
        return _list_type(default) + optional
    if type(default).__name__ not in SCALARS:
        raise ValueError
    return type(default).__name__ + optional


def _list_type(default: list[Any]) -> str:
    kinds = {type(item).__name__ for item in default}
    if kinds - set(SCALARS):
        return "list"
    if kinds == {"int", "float"}:
        return "list[float]"
    return f"list[{kinds.pop()}]" if len(kinds) == 1 else "list"


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("# ").strip() for token in tokens if token.type == tokenize.COMMENT}
