"""Changes of source text by position, everything else kept as it was written; and their unified diff."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from helpers.errors import FixFailed

__all__ = ["Edit", "changed", "diff_of", "in_thread", "span", "with_import"]


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes from `start` to `end` of a file, and the text in their place."""

    start: int
    end: int
    text: str


def changed(source: str, edits: Sequence[Edit]) -> str:
    """Return the source with the edits made. Raises FixFailed when they overlap, or what comes out is no Python."""
    raw = source.encode()
    last = len(raw)
    for edit in sorted(edits, key=lambda edit: -edit.start):
        if edit.end > last:
            raise FixFailed("Two changes of the patch touch the same place.")
        raw = raw[: edit.start] + edit.text.encode() + raw[edit.end :]
        last = edit.start
    text = raw.decode()
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise FixFailed(f"The patched file would be no Python: {error.msg} in line {error.lineno}.") from None
    return text


def diff_of(path: str, before: str, after: str) -> str:
    """Return the change as a unified diff that `git apply` takes."""
    lines = list(difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{path}", f"b/{path}"))
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def span(source: str, node: ast.AST) -> tuple[int, int]:
    """Return the first byte of a node and the one behind its last."""
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    place = node.lineno, node.col_offset, node.end_lineno, node.end_col_offset  # type: ignore[attr-defined]
    return starts[place[0] - 1] + place[1], starts[place[2] - 1] + place[3]


def in_thread(source: str, tree: ast.Module, call: ast.Call) -> Edit:
    """Return the edit that makes `f(a, b)` the awaited `asyncio.to_thread(f, a, b)`."""
    start, end = span(source, call)
    function = span(source, call.func)
    raw = source.encode()
    inside = raw[function[1] : end].decode().strip()[1:-1].strip()
    made = f"await asyncio.to_thread({raw[function[0] : function[1]].decode()}{f', {inside}' if inside else ''})"
    parent = next((node for node in ast.walk(tree) if any(child is call for child in ast.iter_child_nodes(node))), None)
    inner = isinstance(parent, ast.Attribute | ast.Subscript | ast.Call) and getattr(parent, "value", getattr(parent, "func", None)) is call
    return Edit(start, end, f"({made})" if inner else made)


def with_import(source: str, tree: ast.Module, name: str) -> list[Edit]:
    """Return the edit that imports a module of the standard library, none where it is imported already."""
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    if any(isinstance(node, ast.Import) and any(alias.name == name and not alias.asname for alias in node.names) for node in imports):
        return []
    behind = [node for node in imports if not (isinstance(node, ast.ImportFrom) and node.module == "__future__")]
    if behind:
        start = span(source, behind[0])[0]
        return [Edit(start, start, f"import {name}\n")]
    docstring = tree.body[:1] if tree.body and isinstance(tree.body[0], ast.Expr) and isinstance(tree.body[0].value, ast.Constant) else []
    after = (imports or docstring)[-1:]
    at = span(source, after[0])[1] if after else 0
    return [Edit(at, at, f"\n\nimport {name}" if after else f"import {name}\n")]
