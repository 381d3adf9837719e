"""The six steps: the condition each states, how it ended, and the evidence for it."""

from __future__ import annotations

from helpers.incident.document import Step
from helpers.incident.evidence import Record
from helpers.report.blocks import Paragraph, Section
from helpers.report.detail import Detail
from helpers.report.numbers import duration
from helpers.report.reading import Reading
from helpers.report.sections.evidence import check_section

__all__ = ["steps"]

POINTERS = {
    "reproduce": "The numbers and their picture stand under Impact.",
    "fix": "The exact statements stand under The fix.",
    "verify": "The comparison stands under Verification.",
}


def steps(reading: Reading, detail: Detail) -> Section:
    """Return one part per step, in the loop's order."""
    parts = tuple(_step(number, step, reading, detail) for number, step in enumerate(reading.document.steps, start=1))
    return Section("The six steps", parts=parts, anchor="steps")


def _step(number: int, step: Step, reading: Reading, detail: Detail) -> Section:
    latest = _latest([r for r in reading.records if r.step == step.name and r.kind == "checked"])
    shown = latest[-detail.records :]
    blocks = [Paragraph(_condition(step, reading), "lead")]
    if step.name in POINTERS and step.status in ("done", "failed"):
        blocks.append(Paragraph(POINTERS[step.name], "muted"))
    if len(shown) < len(latest):
        blocks.append(Paragraph(f"{len(latest) - len(shown)} earlier checks of this step are in evidence.jsonl.", "muted"))
    took = reading.took_s(step.name)
    return Section(
        title=f"{number}. {step.name.capitalize()}",
        blocks=tuple(blocks),
        parts=tuple(check_section(record, again, detail, said=step.summary) for record, again in shown),
        anchor=f"step-{step.name}",
        status=step.status,
        note=duration(took) if took is not None and step.status not in ("pending", "skipped") and step.name != "document" else "",
    )


def _condition(step: Step, reading: Reading) -> str:
    if step.status == "pending" or (step.status == "skipped" and step.summary in ("", "Not reached.")):
        return f"Not reached: {_stopped(step, reading)}"
    return step.summary or "It has no summary."


def _stopped(step: Step, reading: Reading) -> str:
    """Why the loop did not come to a step."""
    document = reading.document
    if document.broken:
        return document.broken
    before = document.steps[: document.steps.index(step)]
    lost = next((s for s in reversed(before) if s.status in ("failed", "unknown")), None)
    if lost is not None:
        return f"{lost.name} ended {lost.status}: {lost.summary}"
    if step.name in ("fix", "verify") and document.cause is None:
        return "no cause of this runbook is named, so there is nothing to change."
    return "the notebook ended before it." if document.finished_at else "the run ended before it."


def _latest(records: list[Record]) -> list[tuple[Record, list[int]]]:
    """Each question once, as last asked, with the numbers of the records of earlier times."""
    asked: dict[str, list[Record]] = {}
    for r in records:
        asked.setdefault(f"{r.data.get('check')} {r.data.get('arguments')}", []).append(r)
    latest = [(group[-1], [r.seq for r in group[:-1]]) for group in asked.values()]
    return sorted(latest, key=lambda pair: pair[0].seq)
