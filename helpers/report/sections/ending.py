"""The end: what the run cost the systems, what is left to do, and how to check that nobody changed the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpers.report.blocks import Block, Bullets, Code, Facts, Paragraph, Section, Table
from helpers.report.numbers import duration, number, quantity
from helpers.report.reading import Reading
from helpers.report.tables import cell

__all__ = ["audit_section", "follow_ups", "footprint", "given"]


def footprint(reading: Reading) -> Section:
    """Return what the run itself asked of each system."""
    known = reading.document.footprint
    rows = tuple((system, _cost(cost)) for system, cost in known.items() if isinstance(cost, Mapping))
    blocks: list[Block] = (
        [Table(("system", "what the run cost it"), rows)]
        if rows
        else [Paragraph("It was not recorded: the run did not close its evidence.")]
    )
    took = known.get("duration_s")
    if isinstance(took, int | float):
        blocks.append(Paragraph(f"The whole run took {duration(took)}.", "muted"))
    return Section("Footprint", tuple(blocks), anchor="footprint")


def _cost(cost: Mapping[str, Any]) -> str:
    return ", ".join(_one(str(name), value) for name, value in cost.items()) or "nothing"


def _one(name: str, value: Any) -> str:
    for unit in ("ms", "s", "bytes"):
        if name.endswith(f"_{unit}"):
            return f"{name.removesuffix(f'_{unit}').replace('_', ' ')} {quantity(value, unit)}"
    return f"{name.replace('_', ' ')} {cell(name, value)}"


def follow_ups(reading: Reading) -> Section:
    """Return what is left to do."""
    items = tuple(reading.document.follow_ups)
    block: Block = Bullets(items, "todo") if items else Paragraph("Nothing is left to do.")
    return Section("Follow-ups", (block,), anchor="follow-ups")


def given(reading: Reading) -> Section:
    """Return what the run was given: parameters, and who answered."""
    document = reading.document
    pairs = [(name, cell(name, value) or "–") for name, value in document.parameters.items()]
    pairs += [(system, answer) for system, answer in document.systems.items()]
    block: Block = Facts(tuple(pairs)) if pairs else Paragraph("The evidence does not say.")
    return Section("What it was given", (block,), anchor="given")


def audit_section(reading: Reading) -> Section:
    """Return how to check the evidence, and what the check said when the report was written."""
    head = reading.document.evidence_head
    blocks: list[Block] = [
        Paragraph("Every record carries the hash of the one before it. Keep the last hash elsewhere to notice a chain re-written whole."),
        Facts((("last hash", head), ("records", number(len(reading.records))))),
        Code(f"runbook audit {reading.document.id}", "sh"),
    ]
    if reading.audit:
        blocks += [Paragraph("When this report was written, this did not hold:", "warning"), Bullets(reading.audit[:10])]
    else:
        blocks.append(Paragraph("When this report was written, the chain and every table held."))
    return Section("How to audit it", tuple(blocks), anchor="audit")
