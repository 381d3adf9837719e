"""The order of a report: what a colleague wants at three in the morning, in the order it is wanted."""

from __future__ import annotations

from helpers.report.blocks import Page, Section
from helpers.report.detail import Detail
from helpers.report.measurements import measured
from helpers.report.reading import Reading
from helpers.report.sections import ranking, top
from helpers.report.sections.alert import alert
from helpers.report.sections.ending import audit_section, follow_ups, footprint, given
from helpers.report.sections.fix import fix_section
from helpers.report.sections.impact import impact
from helpers.report.sections.pull_request import pull_request
from helpers.report.sections.steps import steps
from helpers.report.sections.timeline import timeline
from helpers.report.sections.verification import verification_section

__all__ = ["compose"]


def compose(reading: Reading, detail: Detail) -> Page:
    """Return an incident's report as blocks; `detail` says how much of it."""
    return _triage(reading, detail) if ranking.is_triage(reading) else _incident(reading, detail)


def _incident(reading: Reading, detail: Detail) -> Page:
    document = reading.document
    before, after = measured(reading)
    expectation = _expectation(reading)
    sections: list[Section | None] = [
        impact(reading, before, after, expectation, detail),
        timeline(reading),
        steps(reading, detail),
        fix_section(reading),
        verification_section(reading),
        footprint(reading),
        follow_ups(reading),
        pull_request(reading),
        given(reading),
        audit_section(reading),
    ]
    return Page(
        title=document.title or document.runbook,
        verdict=str(document.verdict),
        meaning=top.MEANING[document.verdict],
        lead=top.lead(document),
        facts=top.facts(document),
        tiles=top.tiles(document, before, after, expectation),
        warnings=_warnings(reading, detail),
        sections=tuple(section for section in sections if section is not None),
    )


def _triage(reading: Reading, detail: Detail) -> Page:
    document = reading.document
    sections = (
        alert(reading),
        ranking.ranking(reading),
        ranking.walked(reading),
        footprint(reading),
        given(reading),
        audit_section(reading),
    )
    return Page(
        title=document.title or document.runbook,
        verdict=str(document.verdict),
        meaning=ranking.MEANING.get(str(document.verdict), top.MEANING[document.verdict]),
        lead=top.lead(document),
        facts=top.facts(document),
        tiles=ranking.tiles(reading),
        warnings=_warnings(reading, detail),
        sections=tuple(section for section in sections if section is not None),
    )


def _expectation(reading: Reading) -> str:
    check = reading.document.verification
    judged = reading.of("judged", "reproduce")
    return check.expectation if check else str(judged[-1].data.get("expectation", "")) if judged else ""


def _warnings(reading: Reading, detail: Detail) -> tuple[str, ...]:
    document = reading.document
    found = [*reading.problems]
    if document.broken:
        found.insert(0, f"The run itself broke: {document.broken}")
    fix = document.fix
    if fix is not None and fix.applicable and fix.inverse is not None and fix.reversible and not fix.undone:
        proven = document.verification is not None and document.verification.passed
        found += [] if proven else [f"A change may still stand, not proven: runbook undo {document.id}"]
    if detail.shortened:
        found.append("There is more than fits: tables and texts are shortened here, evidence.jsonl has all of it.")
    return tuple(found)
