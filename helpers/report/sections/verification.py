"""Verification: the same probe before and after, with its numbers, its uncertainty and its method."""

from __future__ import annotations

from helpers.incident.document import Verification
from helpers.report.blocks import Block, Facts, Paragraph, Section, Table
from helpers.report.numbers import interval, number, quantity, ratio
from helpers.report.reading import Reading

__all__ = ["verification_section"]

DECISIONS = {"improved": "improved", "no_change": "no change", "worse": "worse", "inconclusive": "inconclusive"}
HOLDS = {"yes": "holds", "no": "does not hold", "unclear": "is not decided"}


def verification_section(reading: Reading) -> Section:
    """Return whether the change helped, by what measure."""
    check = reading.document.verification
    if check is None:
        return Section("Verification", (Paragraph(_why_not(reading)),), anchor="verification")
    blocks: list[Block] = [Paragraph(check.why, "lead"), Facts(_facts(check))]
    guards = _guards(reading)
    if guards is not None:
        blocks += [Paragraph("What the fix must not break:"), guards]
    blocks.append(Paragraph(f"Method: {check.method}", "muted"))
    return Section("Verification", tuple(blocks), anchor="verification", status="passed" if check.passed else "not passed")


def _why_not(reading: Reading) -> str:
    lost = reading.of("probe_lost", "verify")
    if lost:
        return f"It could not be measured again: {lost[-1].data.get('reason', '')}"
    fix = reading.document.fix
    begun = fix is not None and fix.applicable and fix.inverse is not None
    return "The change was never measured: it is not proven." if begun else "Nothing was applied, so there is nothing to verify."


def _facts(check: Verification) -> tuple[tuple[str, str], ...]:
    statistic = check.expectation.split()[0] if check.expectation else ""
    unit = "%" if statistic.endswith("_pct") else check.metric
    values = " → ".join(quantity(s.get(statistic), unit) for s in (check.before, check.after))
    p = "" if check.p_value is None else "p < 0.0001" if check.p_value < 0.0001 else f"p = {number(round(check.p_value, 4))}"
    effect = f"{ratio(check.effect)} (after ÷ before, 95 % interval {interval(check.ci, '') or '–'})"
    return (
        ("decision", DECISIONS.get(check.decision, check.decision)),
        (statistic or "statistic", values),
        ("expectation", f"{check.expectation} {HOLDS.get(check.expectation_holds, '')} after the fix"),
        ("ratio of medians", effect),
        ("Mann-Whitney U test", p or "–"),
        ("samples", f"{quantity(check.before.get('n'), '')} before, {quantity(check.after.get('n'), '')} after"),
    )


def _guards(reading: Reading) -> Table | None:
    rounds: dict[str, dict[str, tuple[str, str]]] = {}
    for r in reading.of("guard"):
        said = (str(r.data.get("status", "")), str(r.data.get("summary", "")))
        rounds.setdefault(str(r.data.get("guard", "")), {})[str(r.data.get("round", ""))] = said
    if not rounds:
        return None
    none = ("not asked", "")
    rows = tuple(
        (name, r.get("before", none)[0], r.get("after", none)[0], r.get("after", r.get("before", none))[1]) for name, r in rounds.items()
    )
    return Table(("guard", "before", "after", "last answer"), rows)
