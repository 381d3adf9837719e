"""A triage: what may be wrong, ranked; what shows no sign; what could not be asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpers.report.blocks import Bullets, Code, Paragraph, Section, Table, Tile
from helpers.report.numbers import quantity
from helpers.report.reading import Reading

__all__ = ["MEANING", "is_triage", "ranking", "tiles", "walked"]

MEANING = {
    "other_cause": "Something is wrong, and a runbook fits it.",
    "healthy": "Nothing was found to be wrong.",
    "inconclusive": "No cause was named, and it cannot be called clean.",
}
_SURE = {
    "cause": "its symptom was measured, and its own investigation names the cause",
    "suspected": "named, but a short look does not prove the symptom",
    "symptom": "the symptom is there, the cause is not known",
    "open": "a number is beyond its limit, and whether that does harm could not be told",
    "unasked": "another runbook names it",
    "sound": "another runbook names it, its own symptom is not there",
}


def is_triage(reading: Reading) -> bool:
    """Return whether this is the evidence of a triage."""
    return bool(reading.of("walked"))


def tiles(reading: Reading) -> tuple[Tile, ...]:
    """Return the numbers at the top: causes, runbooks without a sign, those that could not be asked."""
    states = [record.data["state"] for record in reading.of("walked")]
    causes = sum(state == "cause" for state in states)
    slowest = max((float(record.data["took_s"]) for record in reading.of("walked")), default=0.0)
    return (
        Tile("causes named", str(causes), f"of {len(states)} runbooks asked"),
        Tile("no sign of", str(states.count("sound")), f"the slowest answer took {quantity(slowest, 's')}"),
        Tile("not asked", str(states.count("unasked")), "see below for what is missing"),
        Tile("changed", "nothing", "a triage only reads"),
    )


def ranking(reading: Reading) -> Section:
    """Return the ranked failure modes, each with its evidence and the command to type next."""
    rows = [record.data for record in reading.of("ranked")]
    if not rows:
        return Section("What may be wrong", (Paragraph("No runbook sees its symptom."),), anchor="ranking")
    parts = tuple(_one(row, [r for r in rows if r["follows_from"] == row["runbook"]]) for row in rows if not row["follows_from"])
    only_open = all(row["state"] == "open" for row in rows)
    return Section(
        "What may be wrong", (Paragraph("No symptom that users feel is found. Open:"),) if only_open else (), parts, anchor="ranking"
    )


def _one(row: Mapping[str, Any], below: list[Mapping[str, Any]]) -> Section:
    blocks: list[Any] = [Paragraph(str(row["summary"])), Paragraph(f"How sure: {_SURE.get(row['state'], row['state'])}.", "muted")]
    blocks += [Bullets(tuple(row["because"]), "because")] if row["because"] else []
    blocks += [Bullets(tuple(row["against"]), "against")] if row["against"] else []
    if below:
        blocks.append(Paragraph(f"Symptoms that follow from it: {', '.join(str(r['runbook']) for r in below)}."))
    blocks.append(Code(str(row["command"]), "sh"))
    return Section(_title(row), tuple(blocks))


def _title(row: Mapping[str, Any]) -> str:
    subject = f" · {row['subject']}" if row["subject"] else ""
    return f"{row['rank']}. {row['runbook']}{subject}"


def walked(reading: Reading) -> Section:
    """Return every runbook that was asked, and what it said in one line."""
    found = [record.data for record in reading.of("walked")]
    sound = tuple((f["runbook"], f["summary"], f"{f['took_s']:.1f}") for f in found if f["state"] == "sound")
    unasked = tuple((f["runbook"], f["summary"]) for f in found if f["state"] == "unasked")
    parts = (
        Section("Not asked", (Table(("runbook", "why"), unasked) if unasked else Paragraph("Every runbook was asked."),)),
        Section("No sign of", (Table(("runbook", "what it saw", "s"), sound, frozenset({2})) if sound else Paragraph("None was sound."),)),
    )
    return Section("What was asked", parts=parts, anchor="asked")
