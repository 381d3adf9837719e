"""Step 6: close the evidence, write incident.json, then the reports by whoever offers to write them."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.incident.document import IncidentDocument
from helpers.incident.evidence import EvidenceLog
from helpers.incident.story import Story
from helpers.redaction import write_text

if TYPE_CHECKING:
    from helpers.incident.loop import Incident

__all__ = ["close", "write_document"]


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
    write_text(folder / "incident.json", document.to_json())
    for entry in entry_points(group="runbook.reports"):
        entry.load()(folder)
    return document
