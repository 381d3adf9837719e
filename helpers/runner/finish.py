"""After the kernel: the document it left, or the one its evidence tells."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from helpers.runner.events import Event, OnEvent

if TYPE_CHECKING:
    from helpers.incident.document import IncidentDocument

__all__ = ["finish", "written"]

UNDOCUMENTED = "The notebook ended before incident.document()."


async def finish(folder: Path, failure: str, *, interrupted: bool, unseen: list[str], tell: OnEvent) -> IncidentDocument:
    """Return the incident's document, recovered from the evidence when the run broke or never wrote it.

    Args:
        folder: The incident's folder.
        failure: Why the run broke; empty when it did not.
        interrupted: Somebody stopped it.
        unseen: Failures of background tasks that nobody awaited: each becomes a follow-up.
        tell: Told when a recovery begins.

    """
    from helpers.incident.recovery import recover

    document = None if failure else written(folder)
    if document is None:
        tell(Event("recovering", failure or UNDOCUMENTED))
        document = await recover(folder, reason=failure or UNDOCUMENTED, interrupted=interrupted)
    return _note(folder, document, unseen)


def written(folder: Path) -> IncidentDocument | None:
    """Return the document a run wrote, or None when there is none or evidence came after it."""
    from helpers.incident.document import IncidentDocument
    from helpers.incident.evidence import EVIDENCE, read_evidence

    path = folder / "incident.json"
    if not path.is_file() or not (folder / EVIDENCE).is_file():
        return None
    document = IncidentDocument.model_validate_json(path.read_bytes())
    head = ""
    for record in read_evidence(folder):
        head = record.hash
    return document if document.evidence_head == head else None


def _note(folder: Path, document: IncidentDocument, unseen: list[str]) -> IncidentDocument:
    if not unseen:
        return document
    from helpers.incident.closing import write_document
    from helpers.incident.evidence import EvidenceLog, read_evidence
    from helpers.incident.story import tell

    log, story = EvidenceLog(folder), tell(read_evidence(folder))
    for text in unseen:
        said = f"A background task of the notebook failed and nobody awaited it: {text}"
        story.add(log.append("follow_up", "document", {"text": said}, durable=True))
    return write_document(folder, story, log)
