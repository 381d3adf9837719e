"""The top: the verdict, the cause in one sentence, and the numbers that prove it."""

from __future__ import annotations

from helpers.incident.document import IncidentDocument, Verdict
from helpers.report.blocks import Facts, Tile
from helpers.report.measurements import Measured
from helpers.report.numbers import between, clock, duration, interval, moment, quantity, ratio

__all__ = ["MEANING", "facts", "lead", "tiles"]

WHAT = 60  # characters of what was measured, which may be a whole statement

MEANING = {
    Verdict.HEALTHY: "Not reproduced, and the checks agree.",
    Verdict.RESOLVED: "Cause found, fix applied, verification passed.",
    Verdict.CAUSE_FOUND: "Cause named, fix previewed, not applied.",
    Verdict.NOT_RESOLVED: "A fix was tried; the verification did not pass.",
    Verdict.OTHER_CAUSE: "The symptom is real; this runbook's failure mode is not its cause.",
    Verdict.INCONCLUSIVE: "Too few samples, or the evidence disagrees.",
    Verdict.UNREACHABLE: "A needed system could not be asked.",
}


def lead(document: IncidentDocument) -> str:
    """Return the one sentence a colleague reads first."""
    told = document.summary.strip()
    return document.cause.summary if document.cause and document.cause.summary else told or MEANING[document.verdict]


def facts(document: IncidentDocument) -> Facts:
    """Return which incident this is: cause, runbook, profile, when."""
    pairs = []
    if document.cause:
        pairs.append(("cause", f"{document.cause.code} · {document.cause.subject}"))
    if document.next_runbook:
        pairs.append(("next runbook", document.next_runbook))
    took = duration(between(document.started_at, document.finished_at))
    ended = f"took {took}" if document.finished_at else "it did not end by itself"
    pairs += [
        ("incident", document.id),
        ("runbook", document.runbook),
        ("profile", document.profile or "–"),
        ("started", f"{moment(document.started_at)}, {ended}"),
    ]
    return Facts(tuple(pairs))


def tiles(document: IncidentDocument, before: Measured | None, after: Measured | None, expectation: str) -> tuple[Tile, ...]:
    """Return the numbers at the top: before, after, the effect, the fix."""
    statistic = expectation.split()[0] if expectation else ""
    rounds = (("before", before), ("after", after)) if after else (("", before),)
    found = [_measured_tile(name, m, statistic, expectation) for name, m in rounds if m]
    found += [_lost(document)] if before is None else []
    check = document.verification
    if check is not None and check.effect is not None:
        spread = interval(check.ci, "")
        shown, _, words = ratio(check.effect).partition(", ")
        found.append(Tile("median, after ÷ before", shown, "; ".join(x for x in (words, f"95 % interval {spread}" if spread else "") if x)))
    return (*found, _fix_tile(document))


def _measured_tile(name: str, m: Measured, statistic: str, expectation: str) -> Tile:
    key = statistic if statistic in m.summary else f"p95_{m.metric}"
    shown, unit = (key.removesuffix("_pct"), "%") if key.endswith("_pct") else (key.removesuffix(f"_{m.metric}"), m.metric)
    what = m.probe if len(m.probe) <= WHAT else f"{m.probe[:WHAT]}…"
    note = f"{what}, expected {expectation}" if expectation else what
    return Tile(f"{shown} {name}".strip(), quantity(m.summary.get(key), unit), note)


def _lost(document: IncidentDocument) -> Tile:
    step = next((s for s in document.steps if s.name == "reproduce"), None)
    return Tile("symptom", "not measured", (step.summary if step else "")[:120])


def _fix_tile(document: IncidentDocument) -> Tile:
    fix = document.fix
    if fix is None:
        return Tile("fix", "none", "nothing was changed")
    if fix.undone:
        return Tile("fix", "undone", fix.name)
    if fix.applied:
        return Tile("fix", "applied", f"{fix.name}, {clock(fix.applied_at)} UTC")
    if not fix.applicable:
        return Tile("fix", "proposed", f"{fix.name}: a person reviews and deploys it")
    if fix.inverse is not None:
        return Tile("fix", "begun", f"{fix.name}: whether it stands is not proven")
    return Tile("fix", "not applied", f"{fix.name} is previewed")
