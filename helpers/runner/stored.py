"""The notebook as it is kept: no secret in outputs, tracebacks, parameters or metadata, no literal of a given query."""

from __future__ import annotations

import ast
import copy
import re
from typing import Any

from helpers.redaction import mask_literals, redact, redact_value

__all__ = ["looks_like_sql", "masked_parameters", "stored_copy"]

_SQL = re.compile(
    r"(?is)^\s*(?:/\*.*?\*/\s*|--[^\n]*\n\s*)*(?:select|insert|update|delete|merge|with|explain|call|values|table|copy)\b.*\S"
)
_PARAMETER_TAGS = {"parameters", "injected-parameters"}


def looks_like_sql(name: str, value: object) -> bool:
    """Return whether a parameter holds a statement, by its name (`query`) or its first word."""
    return isinstance(value, str) and bool(value) and (name == "query" or _SQL.match(value) is not None)


def masked_parameters(values: dict[str, Any]) -> dict[str, Any]:
    """Return parameters as they may be kept: string literals of statements masked, everything redacted."""
    masked = {k: mask_literals(v) if looks_like_sql(k, v) else v for k, v in values.items()}
    redacted: dict[str, Any] = redact_value(masked)
    return redacted


def stored_copy(nb: Any) -> Any:
    """Return a copy of the notebook that may be written; the original stays as it runs.

    Every text is redacted by itself: redacting the file as a whole could take a backslash out of its JSON.
    """
    from nbformat import from_dict

    kept = copy.deepcopy(nb)
    statements = _statements(nb)
    for cell in kept.cells:
        if _PARAMETER_TAGS & set(cell.metadata.get("tags", [])):
            cell.source = _mask_assignments(cell.source)
        cell.source = redact(cell.source)
        for output in cell.get("outputs", []):
            _clean_output(output, statements)
        cell.metadata = from_dict(redact_value(cell.metadata))
    papermill = kept.metadata.get("papermill", {})
    for key in ("parameters", "default_parameters", "environment_variables"):
        if papermill.get(key):
            papermill[key] = masked_parameters(dict(papermill[key]))
    kept.metadata = from_dict(redact_value(kept.metadata))
    return kept


def _statements(nb: Any) -> dict[str, str]:
    """The given statements that hold literals → the same masked: outputs may quote them."""
    given = dict(nb.metadata.get("papermill", {}).get("parameters", {}))
    pairs = {v: mask_literals(v) for k, v in given.items() if looks_like_sql(k, v)}
    return {raw: masked for raw, masked in pairs.items() if raw != masked}


def _mask_assignments(source: str) -> str:
    """Mask the literals of statements assigned in a parameters cell, in place; comments and layout stay."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source
    lines = source.encode().splitlines(keepends=True)
    for node in reversed(tree.body):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target if isinstance(node, ast.AnnAssign) else None
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and isinstance(value, ast.Constant) and looks_like_sql(target.id, value.value):
            _replace(lines, value, repr(mask_literals(str(value.value))))
    return b"".join(lines).decode()


def _replace(lines: list[bytes], node: ast.expr, text: str) -> None:
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    before, after = lines[first][: node.col_offset], lines[last][node.end_col_offset or 0 :]
    lines[first : last + 1] = [before + text.encode() + after]


def _clean_output(output: Any, statements: dict[str, str]) -> None:
    def clean(value: Any) -> Any:
        if isinstance(value, str):
            for raw, masked in statements.items():
                value = value.replace(raw, masked)
            return redact(value)
        if isinstance(value, list):
            return [clean(part) for part in value]
        return redact_value(value)

    for key in ("text", "evalue", "traceback"):
        if key in output:
            output[key] = clean(output[key])
    for mime, value in output.get("data", {}).items():
        if not mime.startswith(("image/png", "image/jpeg")):
            output["data"][mime] = clean(value)
