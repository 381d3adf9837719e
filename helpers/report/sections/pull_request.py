"""A pull request's text, when the fix belongs in code: branch, commit, description, checklist and migration.

What a reviewer must look at depends on the kind of fix: `checklists/<fix>.txt` beside this room, else `checklists/default.txt`.
"""

from __future__ import annotations

import re
from pathlib import Path

from helpers.escaping import visible
from helpers.incident.document import FixRecord, IncidentDocument
from helpers.report.blocks import Bullets, Code, Facts, Paragraph, Section
from helpers.report.numbers import interval, quantity, ratio
from helpers.report.reading import Reading

__all__ = ["pull_request"]

COMMIT = 60  # characters of a commit's first line, as CONTRIBUTING asks
_CHECKLISTS = Path(__file__).parent.parent / "checklists"


def pull_request(reading: Reading) -> Section | None:
    """Return the text of a pull request, or None when the fix is not code."""
    document = reading.document
    fix = document.fix
    if fix is None or not fix.patch:
        return None
    title, checklist = _checklist(fix, document)
    return Section(
        "Pull request",
        (
            Paragraph("The fix belongs in the code base too, or the next deployment brings the fault back."),
            Facts((("branch", f"fix/{_slug(title)}"), ("commit", f"fix: {title}"))),
        ),
        (
            Section("Description", tuple(Paragraph(text) for text in _description(document, fix))),
            Section("Migration" if fix.applicable else "Change", (Code(fix.patch.strip("\n"), "sql" if fix.applicable else ""),)),
            Section("Review checklist", (Bullets(checklist, "todo"),)),
        ),
        anchor="pull-request",
    )


def _checklist(fix: FixRecord, document: IncidentDocument) -> tuple[str, tuple[str, ...]]:
    """The commit's words and the reviewer's points: the file's first line, and the lines after it."""
    own = _CHECKLISTS / f"{fix.name}.txt"
    named = re.fullmatch(r"[a-z_]+", fix.name) is not None and own.is_file()
    first, *rest = (own if named else _CHECKLISTS / "default.txt").read_text(encoding="utf-8").splitlines()
    subject = " ".join(visible(document.cause.subject if document.cause else document.runbook).split())
    words = first.replace("{fix}", fix.name.replace("_", " ")).replace("{subject}", subject)
    room = COMMIT - len("fix: ")
    return (words if len(words) <= room else f"{words[: room - 1].rstrip()}…"), tuple(line for line in rest if line.strip())


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:50].strip("-") or "incident"


def _description(document: IncidentDocument, fix: FixRecord) -> list[str]:
    cause = document.cause
    texts = [f"Why: {cause.summary if cause else document.summary}"]
    if cause and cause.because:
        texts.append("Evidence: " + " ".join(cause.because[:4]))
    check = document.verification
    if check is not None:
        statistic = check.expectation.split()[0] if check.expectation else f"p95_{check.metric}"
        unit = "%" if statistic.endswith("_pct") else check.metric
        effect = f"; ratio of medians {ratio(check.effect)} (95 % interval {interval(check.ci, '')})" if check.effect is not None else ""
        was, now = (quantity(s.get(statistic), unit) for s in (check.before, check.after))
        texts.append(f"Measured: {check.probe}: {statistic} {was} → {now}, expected {check.expectation}{effect}.")
    else:
        texts.append("Not measured yet: run the runbook again once it is in place.")
    none = "there is no inverse." if fix.applicable else "as the change itself says."
    texts.append(f"Roll back: {'; '.join(fix.undo) or none}")
    return [*texts, f"Incident: {document.id}, evidence {document.evidence_head[:16]}…"]
