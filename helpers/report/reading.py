"""Read an incident's folder, whatever state it is in: what is missing or torn becomes a sentence, not a traceback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from helpers.errors import EvidenceBroken, UsageError
from helpers.incident.document import IncidentDocument
from helpers.incident.evidence import EVIDENCE, Record, audit, read_evidence
from helpers.incident.story import tell
from helpers.redaction import redact_value
from helpers.report.numbers import between

__all__ = ["Reading", "read_incident"]


@dataclass(frozen=True, slots=True)
class Reading:
    """An incident as it lies in its folder, redacted; `problems` says what of it is missing or torn."""

    folder: Path
    document: IncidentDocument
    records: tuple[Record, ...]
    problems: tuple[str, ...]
    audit: tuple[str, ...]

    def of(self, kind: str, step: str | None = None) -> list[Record]:
        """Return the records of one kind, in order; of one step when it is given."""
        return [r for r in self.records if r.kind == kind and step in (None, r.step)]

    def took_s(self, step: str, until: Record | None = None) -> float | None:
        """Return the seconds a step took: from the record before its first to how it ended (or to `until`); None when it has no record."""
        own = [i for i, r in enumerate(self.records) if r.step == step]
        if not own:
            return None
        ended = [self.records[i] for i in own if self.records[i].kind == "step"]
        end = until or (ended or [self.records[own[-1]]])[-1]
        return between(self.records[max(own[0] - 1, 0)].at, end.at)


def read_incident(folder: Path) -> Reading:
    """Return what an incident's folder holds.

    Raises:
        UsageError: `folder` is not a folder.

    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not an incident's folder.", remedy="Incidents lie under incidents/.")
    problems: list[str] = []
    records = _with_guards(list(_records(folder, problems)))
    document = _document(folder, records, problems)
    return Reading(folder, document, records, tuple(problems), tuple(audit(folder)))


def _records(folder: Path, problems: list[str]) -> Iterator[Record]:
    path = folder / EVIDENCE
    if not path.is_file():
        problems.append(f"{EVIDENCE} is missing: the steps cannot be shown with their evidence.")
        return
    try:
        for r in read_evidence(folder):
            yield Record(r.seq, r.at, r.step, r.kind, redact_value(r.data), r.prev, r.hash)
    except (EvidenceBroken, OSError) as error:
        problems.append(f"{error} What follows it is not shown.")
    data = path.read_bytes()
    if data and not data.endswith(b"\n"):
        problems.append(f"The last line of {EVIDENCE} is torn: it is left out.")


def _with_guards(records: list[Record]) -> tuple[Record, ...]:
    """The records, a check that was asked as a guard counted to the step whose guard it is."""
    for i, (check, guard) in enumerate(pairwise(records)):
        if (check.kind, guard.kind) == ("checked", "guard") and check.data.get("check") == guard.data.get("guard"):
            records[i] = replace(check, step=guard.step)
    return tuple(records)


def _document(folder: Path, records: tuple[Record, ...], problems: list[str]) -> IncidentDocument:
    path = folder / "incident.json"
    if path.is_file():
        try:
            return IncidentDocument(**redact_value(json.loads(path.read_text(encoding="utf-8"))))
        except (ValueError, TypeError):
            problems.append("incident.json cannot be read: this report is told from the evidence.")
    else:
        problems.append("incident.json is missing: the run did not end by itself. This report is told from the evidence.")
    try:
        document = tell(records).document()
    except (KeyError, TypeError, ValueError) as error:
        problems.append(f"The evidence does not add up ({type(error).__name__}: {error}).")
        document = tell(()).document()
    document.id = document.id or folder.name
    document.runbook = document.runbook or "-".join(folder.name.split("-")[1:-1]) or folder.name
    return document
