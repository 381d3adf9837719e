"""Step 6: close the evidence, write incident.json, then the reports by whoever offers to write them."""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.incident.document import IncidentDocument
from helpers.incident.evidence import EvidenceLog
from helpers.incident.story import Story
from helpers.redaction import redact_value, write_bytes

if TYPE_CHECKING:
    from helpers.incident.loop import Incident

__all__ = ["close", "registered_reports", "write_document"]


def close(incident: Incident, footprint: dict[str, Any]) -> IncidentDocument:
    """Record the end, write incident.json and the reports, and return the document."""
    for step in incident.story.steps.values():
        if step.status == "pending" and step.name != "document":
            incident.finish(step.name, "skipped", "Not reached.")
    incident.finish("document", "done", "The incident is written down.")
    incident.record("closed", {"footprint": footprint}, step="document", durable=True)
    return write_document(incident.folder, incident.story, incident.log)


def write_document(folder: Path, story: Story, log: EvidenceLog) -> IncidentDocument:
    """Write incident.json from the story, then every report registered under the entry point `runbook.reports`.

    Reports are written by rooms above this one; they are found, not imported.
    """
    document = story.document()
    document.evidence_head = log.head
    # Redacted text by text: redacting the file as a whole can take a backslash out of its JSON.
    said = redact_value(document.model_dump(mode="json", by_alias=True))
    write_bytes(folder / "incident.json", json.dumps(said, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace"))
    for entry in registered_reports():
        entry.load()(folder)
    return document


@cache
def registered_reports() -> tuple[EntryPoint, ...]:
    """Return who offers to write a report, looked up once a process: every installed distribution is read for it."""
    return tuple(entry_points(group="runbook.reports"))
