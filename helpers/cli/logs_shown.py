"""How `runbook logs` shows what it found on a terminal: one request's waterfall, and errors by fingerprint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["fingerprints", "short", "waterfall"]

WIDTH = 32  # characters of the waterfall
LONGEST = 160


def short(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as a terminal shows it: numbers to three figures, long text cut."""
    return {name: _short(value) for name, value in row.items()}


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return "" if value is None else str(value)[:LONGEST]


def waterfall(rows: Sequence[Mapping[str, Any]], width: int = WIDTH) -> list[dict[str, Any]]:
    """Return one request's entries as a table's rows: where it was, when it began, how long it took, both drawn to scale; pure.

    Args:
        rows: Of trace.sql.
        width: Characters of the whole request.

    """
    ends = [row["offset_ms"] + (row["duration_ms"] or 0) for row in rows if row["offset_ms"] is not None]
    scale = width / max(*ends, 0.001) if ends else 0.0
    return [
        {
            "at": row["timestamp"] or "", "system": row["system"], "began_ms": _short(row["offset_ms"]), "took_ms": _short(row["duration_ms"]),
            "": _bar(row["offset_ms"], row["duration_ms"], scale, width), "level": row["severity_text"] or "", "what": _said(row),
        }
        for row in rows
    ]  # fmt: skip


def _bar(offset_ms: float | None, duration_ms: float | None, scale: float, width: int) -> str:
    if offset_ms is None:
        return ""
    first = min(int(offset_ms * scale), width - 1)
    return " " * first + ("·" if not duration_ms else "█" * max(1, min(round(duration_ms * scale), width - first)))


def _said(row: Mapping[str, Any]) -> str:
    """The request line, and what was logged: the error's last line where there is one."""
    status = row["http_response_status_code"]
    asked = (
        row["http_request_method"],
        row["url_path"],
        None if status is None else f"{status:g}",
    )  # pandas has no whole numbers beside NULL
    request = " ".join(one for one in asked if one is not None)
    failed = (row["exception_stacktrace"] or "").strip().split("\n")[-1].strip()
    parts = (request, row["error_type"], failed or row["body"], row["db_query_text"])
    return " · ".join(dict.fromkeys(part for part in parts if part))[:LONGEST]


def fingerprints(rows: Sequence[Mapping[str, Any]], *, logs_from: str | None) -> list[dict[str, Any]]:
    """Return errors as a table's rows, each with since when it is seen: from the start of the logs, or new; pure.

    Args:
        rows: Of errors.sql, times as text.
        logs_from: When the logs begin, as text of the same form.

    """
    return [
        {
            "count": row["count"], "error": row["error_type"], "message": _short(row["message"]), "first seen": row["first_at"] or "",
            "last seen": row["last_at"] or "", "new": "new" if row["first_at"] and logs_from and row["first_at"] > logs_from else "",
            "version": row["first_version"] or "", "route": row["route"] or "", "own code": (row["frames"] or "").replace("\n", " ‹ "),
        }
        for row in rows
    ]  # fmt: skip
