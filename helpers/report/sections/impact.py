"""Impact: the probe's numbers before and after, against what users may expect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpers.report.blocks import Block, Paragraph, Section, Table
from helpers.report.detail import Detail
from helpers.report.measurements import Measured
from helpers.report.numbers import interval, number, quantity
from helpers.report.pictures.strip import latency_strip
from helpers.report.reading import Reading
from helpers.report.tables import cell

__all__ = ["impact"]

STATISTICS = ("p50", "p95", "p99", "max", "mean")


def impact(reading: Reading, before: Measured | None, after: Measured | None, expectation: str, detail: Detail) -> Section:
    """Return what users meet: the numbers, the picture, and how they were measured."""
    if before is None:
        return Section("Impact", (Paragraph(_why_not(reading), "warning"),), anchor="impact")
    blocks: list[Block] = [Paragraph(_sentence(reading, before, expectation))]
    picture = latency_strip(before, after, expectation, detail)
    if picture is not None:
        blocks.append(picture)
    blocks += [Paragraph(m.problem, "warning") for m in (before, after) if m is not None and m.problem]
    blocks += [_table(before, after), Paragraph(_settings(before.settings), "muted")]
    return Section("Impact", tuple(blocks), anchor="impact")


def _why_not(reading: Reading) -> str:
    lost = reading.of("probe_lost", "reproduce")
    reason = lost[-1].data.get("reason", "") if lost else "The evidence holds no measurement."
    return f"The symptom was not measured. {reason}"


def _sentence(reading: Reading, before: Measured, expectation: str) -> str:
    judged = reading.of("judged", "reproduce")
    if not judged or not expectation:
        return f"Measured: {before.probe}. No expectation was judged."
    said = {
        "no": "does not hold: the symptom is reproduced",
        "yes": "holds: the symptom is not reproduced",
        "unclear": "is not decided: the interval straddles the limit",
    }
    return f"{before.probe}. The expectation {expectation} {said.get(judged[-1].data.get('holds', ''), 'was not judged')}."


def _table(before: Measured, after: Measured | None) -> Table:
    unit = before.metric
    sets = [before.summary] + ([after.summary] if after else [])
    rows = [(name, *_cells(sets, f"{name}_{unit}", unit)) for name in STATISTICS]
    none = [""] * len(sets)
    errors = ("errors", *(_errors(s) for s in sets), *none)
    counts = ("samples", *(quantity(s.get("n"), "") for s in sets), *none)
    head = ("", "before", "after", "95 % before", "95 % after") if after else ("", "measured", "95 % interval")
    return Table(head, (*rows, errors, counts), right=frozenset(range(1, len(head))), caption="In numbers")


def _cells(sets: list[Mapping[str, Any]], key: str, unit: str) -> list[str]:
    return [*(quantity(s.get(key), unit) for s in sets), *(interval(s.get(f"{key}_ci"), unit) for s in sets)]


def _errors(summary: Mapping[str, Any]) -> str:
    errors, share = summary.get("errors"), summary.get("error_pct")
    return f"{number(errors)} ({quantity(share, '%')})" if isinstance(errors, int) else "–"


def _settings(settings: Mapping[str, Any]) -> str:
    said = ", ".join(f"{name} {cell(name, value)}" for name, value in settings.items() if value not in (None, "", {}, []))
    failing = " A call that fails counts with its time-out." if "timeout_s" in settings else ""
    return f"How it is measured: {said}.{failing}" if said else "How it is measured is not recorded."
