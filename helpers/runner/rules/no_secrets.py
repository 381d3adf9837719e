"""No secret in a notebook: parameters carry references (env:DATABASE_URL), which are read when they are needed."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from helpers.redaction import redact
from helpers.runner.notebook import Cell, Notebook, Problem

__all__ = ["no_secrets"]

_RIGHT = "a reference: env:NAME or file:PATH"
_PLACEHOLDER = re.compile(r"[:=]\s*…")  # `Cookie: …` describes one


def no_secrets(book: Notebook) -> Iterator[Problem]:
    """Yield the places that hold, or look like, a secret; what is shown of them is masked."""
    for cell in book.cells:
        for text in _texts(cell):
            shown = redact(text)
            if shown != text:
                yield Problem(cell.number, f"it holds what looks like a secret: `{shown.strip()[:80]}`", _RIGHT)


def _texts(cell: Cell) -> Iterator[str]:
    """Lines of text; of code its comments, its texts, and its texts with the names they are given to, unless they are references."""
    if cell.tree is None:
        yield from (_PLACEHOLDER.sub("", line) for line in cell.text.splitlines())
        return
    tokens = tokenize.generate_tokens(io.StringIO(cell.text).readline)
    yield from (_PLACEHOLDER.sub("", token.string) for token in tokens if token.type == tokenize.COMMENT)
    named = {id(value): name for node in ast.walk(cell.tree) for name, value in _pairs(node)}
    for node in ast.walk(cell.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            name = "" if node.value.startswith(("env:", "file:")) else named.get(id(node), "")
            yield f"{name}={node.value}" if name and node.value else node.value


def _pairs(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Return name → value of an assignment, a keyword, or an entry of a dict."""
    if isinstance(node, ast.Assign):
        yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
        yield node.target.id, node.value
    elif isinstance(node, ast.keyword) and node.arg:
        yield node.arg, node.value
    elif isinstance(node, ast.Dict):
        yield from ((str(k.value), v) for k, v in zip(node.keys, node.values, strict=True) if isinstance(k, ast.Constant))
