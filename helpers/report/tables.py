"""Rows of evidence as a table a person can read: no empty column, what is the same everywhere said once, long text last."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from helpers.escaping import visible
from helpers.report.blocks import Block, Facts, Paragraph, Table
from helpers.report.detail import Detail
from helpers.report.numbers import number, quantity

__all__ = ["cell", "evidence_table"]

LONG = 48  # characters from which a column is text to read, not a value to compare
_NAMES = ("pid", "oid", "port", "queryid", "xmin", "version_num", "blocked_by")  # numbers that are names: no thousands, no rounding


def cell(name: str, value: Any) -> str:
    """Return one value as text, by its type and by the unit in its name."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        if name in _NAMES or name.endswith("_id"):
            return str(value)
        return quantity(value, "bytes") if name.endswith("_bytes") else number(value)
    if isinstance(value, list):
        return ", ".join(cell(name, v) for v in value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping) else str(value)


def evidence_table(rows: Sequence[Mapping[str, Any]], *, total: int, path: str, detail: Detail) -> list[Block]:
    """Return the blocks that show rows of evidence: facts for one row, else a table and what it leaves out.

    Args:
        rows: The rows the evidence holds inline.
        total: How many there were.
        path: Where all of them are, or an empty string.
        detail: How many to show.

    """
    names = _names(rows)
    if len(rows) == 1 and total <= 1:
        pairs = tuple((name, visible(cell(name, rows[0].get(name)), limit=detail.cell * 2)) for name in names)
        return [Facts(pairs)] if pairs else []
    same = [name for name in names if name != "pid" and _one_value(rows, name)]
    varying = [name for name in names if name not in same]
    texts = [name for name in varying if _longest(rows, name) > LONG]
    values = sorted((name for name in varying if name not in texts), key=lambda name: _opaque(rows, name))
    kept = values[: max(detail.columns - len(texts[:2]), 1)] + texts[:2]
    shown = rows[: detail.rows]
    table = Table(
        head=tuple(kept),
        rows=tuple(tuple(visible(cell(name, row.get(name)), limit=detail.cell) for name in kept) for row in shown),
        right=frozenset(i for i, name in enumerate(kept) if _numeric(rows, name)),
        note=_note(total - len(shown), [n for n in varying if n not in kept], path),
    )
    return [table, *_said_once(rows, same, total, detail)]


def _names(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    names = dict.fromkeys(str(name) for row in rows for name in row)
    return [name for name in names if any(row.get(name) not in (None, "", [], {}) for row in rows)]


def _one_value(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    return all(row.get(name) == rows[0].get(name) for row in rows)


def _longest(rows: Sequence[Mapping[str, Any]], name: str) -> int:
    return max(len(cell(name, row.get(name))) for row in rows)


def _opaque(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    """A long number that is a name (a query_id): there to be looked up, not to be compared."""
    return name.endswith("id") and _longest(rows, name) > 10


def _numeric(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    return all(row.get(name) is None or (isinstance(row[name], int | float) and not isinstance(row[name], bool)) for row in rows)


def _note(more: int, columns: list[str], path: str) -> str:
    where = path or "the evidence"
    parts = [f"{number(more)} more {'row' if more == 1 else 'rows'} in {where}."] if more > 0 else []
    if columns:
        parts.append(f"Not shown: {', '.join(columns)}.")
    return " ".join(parts)


def _said_once(rows: Sequence[Mapping[str, Any]], same: list[str], total: int, detail: Detail) -> list[Block]:
    if not same:
        return []
    said = "; ".join(f"{name} = {visible(cell(name, rows[0].get(name)), limit=detail.cell)}" for name in same)
    where = "every row" if len(rows) == total else f"each of the first {len(rows)} rows"
    return [Paragraph(f"The same in {where}: {said}.", "muted")]
