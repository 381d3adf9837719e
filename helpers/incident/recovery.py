"""After a crash, an interrupt or a change of mind: finish what the evidence says was begun."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from helpers.contracts import Fix
from helpers.errors import FixFailed, ProfileError, SystemProblem
from helpers.folder import load_member
from helpers.incident.closing import write_document
from helpers.incident.document import FixRecord, IncidentDocument
from helpers.incident.evidence import EVIDENCE, EvidenceLog, read_evidence
from helpers.incident.story import Story, tell
from helpers.incident.systems import FOLDERS, Systems
from helpers.settings import load_profile

__all__ = ["recover", "remake", "undo"]

UNDO_S = 300.0


def remake(record: FixRecord) -> Fix:
    """Return the fix a record describes."""
    made: Fix = load_member(f"helpers.{FOLDERS[record.needs]}.fixes.{record.name}")(**record.arguments)
    return made


async def recover(folder: Path, *, reason: str, interrupted: bool = False) -> IncidentDocument:
    """Close an incident whose run did not: undo an applied, unproven fix, write incident.json and the reports.

    Args:
        folder: The incident's folder; it may hold no evidence at all.
        reason: Why the run broke; it is the document's `broken`.
        interrupted: A person stopped it, as against a bug.

    """
    log, story = _take_up(folder)
    _append(log, story, "broken", {"reason": reason})
    if story.undo_due:
        await _undo(folder, log, story, reason="the run was interrupted" if interrupted else "the run broke", by="interrupt")
    _append(log, story, "closed", {"footprint": {}})
    return write_document(folder, story, log)


async def undo(folder: Path, *, reason: str = "asked for") -> tuple[bool, str, IncidentDocument]:
    """Undo an incident's fix, whatever its verdict; returns (nothing stands any more, what was done, the new document).

    Idempotent: after a crash at any point between "inverse written" and "verified", and when it was undone already.
    """
    log, story = _take_up(folder)
    fix = story.fix
    if fix is None or not story.intent:
        return True, "Nothing was changed, so there is nothing to undo.", story.document()
    if fix.undone:
        return True, "It was undone already.", story.document()
    if not fix.reversible:
        return False, f"{fix.name} has no inverse; its preview said so.", story.document()
    problem = await _undo(folder, log, story, reason=reason, by="undo")
    document = write_document(folder, story, log)
    return not problem, problem or f"Undone: {'; '.join(fix.undo) or fix.name}", document


def _take_up(folder: Path) -> tuple[EvidenceLog, Story]:
    log = EvidenceLog(folder)
    story = tell(read_evidence(folder)) if (folder / EVIDENCE).exists() else Story()
    if not story.opened:
        runbook = "-".join(folder.name.split("-")[1:-1]) or folder.name
        _append(log, story, "opened", {"id": folder.name, "runbook": runbook, "profile": "", "parameters": {}})
    return log, story


def _append(log: EvidenceLog, story: Story, kind: str, data: dict[str, Any]) -> None:
    story.add(log.append(kind, "document", data, durable=True))


async def _same_server(systems: Systems, fix: FixRecord) -> None:
    """Raise FixFailed when the profile points at another server by now: an inverse belongs to the one it was made on."""
    try:
        now = await (await systems.get(fix.needs)).identity()
    finally:
        await systems.close()
    then = (fix.inverse or {}).get("server", "")
    if then and now and then != now:
        raise FixFailed(
            f"The profile {systems.profile.name} points at another server than the one this fix changed.",
            remedy="Point it at that server and run the undo again.",
        )


async def _undo(folder: Path, log: EvidenceLog, story: Story, *, reason: str, by: str) -> str:
    """Undo by the recorded inverse; returns why it could not be done, or an empty string."""
    fix = story.fix
    if fix is None or fix.inverse is None:
        return ""
    try:
        systems = Systems(await load_profile(str(story.opened["profile"])), f"runbook-undo:{folder.name}")
        await _same_server(systems, fix)
        writer = await systems.writer(fix.needs)
        try:
            async with asyncio.timeout(UNDO_S):
                await remake(fix).undo(writer, fix.inverse)
        finally:
            await writer.close()
    except (FixFailed, SystemProblem, ProfileError, TimeoutError) as problem:
        said = str(problem) or f"it took longer than {UNDO_S:.0f} s"
        _append(log, story, "undo_failed", {"reason": said})
        return said
    _append(log, story, "undone", {"reason": reason, "by": by})
    return ""
