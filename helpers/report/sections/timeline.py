"""Timeline: what happened when, in UTC, and how long each thing took."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from helpers.incident.evidence import Record
from helpers.report.blocks import Paragraph, Section, Table
from helpers.report.numbers import clock, day, duration
from helpers.report.reading import Reading

__all__ = ["timeline"]

MOST = 40
NOT_REACHED = "Not reached."


def timeline(reading: Reading) -> Section:
    """Return the events in order: who answered, how each step ended, every change."""
    events = [(r, text) for r in reading.records if (text := _text(r))]
    if not events:
        return Section("Timeline", (Paragraph("The evidence holds no event.", "warning"),), anchor="timeline")
    rows = [(clock(r.at), _took(r, reading), text) for r, text in events]
    shown = rows if len(rows) <= MOST else [*rows[: MOST - 10], *rows[-10:]]
    note = f"{len(rows) - len(shown)} events between are in evidence.jsonl." if len(shown) < len(rows) else ""
    table = Table(("UTC", "took", "what happened"), tuple(shown), frozenset({1}), f"{day(reading.records[0].at)}, times in UTC", note)
    return Section("Timeline", (table,), anchor="timeline")


def _took(record: Record, reading: Reading) -> str:
    if record.kind == "step":
        return duration(reading.took_s(record.step, record))
    ms = record.data.get("ms")
    return duration(ms / 1000) if isinstance(ms, int | float) else ""


def _text(record: Record) -> str:
    teller = _TELLERS.get(record.kind)
    return teller(record, record.data) if teller else ""


def _opened(r: Record, data: dict[str, Any]) -> str:
    how = "a fix may be applied" if data.get("apply") else "dry run: nothing will be changed"
    return f"Incident opened against the profile {data.get('profile') or '–'}; {how}."


def _pinged(r: Record, data: dict[str, Any]) -> str:
    return (
        f"{data.get('system')} answers: {data.get('answer')}"
        if data.get("ok")
        else f"{data.get('system')} does not answer: {data.get('answer')}"
    )


def _step(r: Record, data: dict[str, Any]) -> str:
    if data.get("summary") == NOT_REACHED or r.step == "document":
        return ""
    return f"{r.step.capitalize()} {data.get('status')}: {data.get('summary')}"


def _verified(r: Record, data: dict[str, Any]) -> str:
    return f"Verification {'passed' if data.get('passed') else 'did not pass'}: {str(data.get('decision')).replace('_', ' ')}."


def _undone(r: Record, data: dict[str, Any]) -> str:
    who = {"verification": "by the verification", "undo": "by runbook undo", "interrupt": "because the run was stopped"}
    return f"The fix is undone {who.get(str(data.get('by')), '')}: {data.get('reason')}"


_TELLERS: dict[str, Callable[[Record, dict[str, Any]], str]] = {
    "opened": _opened,
    "pinged": _pinged,
    "step": _step,
    "verified": _verified,
    "undone": _undone,
    "fix_intent": lambda r, data: "The inverse is written to the evidence; the change begins.",
    "fix_applied": lambda r, data: "The fix is applied and read back.",
    "undo_failed": lambda r, data: f"The undo failed: {data.get('reason')}",
    "broken": lambda r, data: f"The run broke: {data.get('reason')}",
    "closed": lambda r, data: "The incident is closed and the report is written.",
}
