"""Open an incident: its folder, its evidence, and every system of the profile pinged before anything else."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from helpers.errors import ParameterError
from helpers.incident.changing import undo_now
from helpers.incident.handing import HANDED_VARIABLE, Handed
from helpers.incident.lending import lent_now
from helpers.incident.loop import Incident
from helpers.incident.systems import Systems
from helpers.redaction import mask_literals
from helpers.settings import load_profile

__all__ = ["FOLDER_VARIABLE", "INCIDENTS_VARIABLE", "incidents_in", "new_folder", "open_incident"]

FOLDER_VARIABLE = "RUNBOOK_INCIDENT_FOLDER"  # set by the runner, which makes the folder before the kernel starts
INCIDENTS_VARIABLE = "RUNBOOK_INCIDENTS"
_current: Incident | None = None


def new_folder(runbook: str, out: Path) -> Path:
    """Make and return `out/<YYYYMMDDTHHMMSSZ>-<runbook>-<4 hex>`, private to its owner."""
    while True:
        folder = out / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{runbook}-{secrets.token_hex(2)}"
        try:
            folder.mkdir(parents=True, mode=0o700)
        except FileExistsError:
            continue
        return folder.resolve()


async def open_incident(
    runbook: str, *, profile: str = "env", apply: bool = False, confirm: str = "", title: str = "", **parameters: Any
) -> Incident:
    """Return a new incident of `runbook` against `profile`, every system pinged.

    A system that does not answer is recorded and asked again later; it does not stop the run.

    Args:
        runbook: The failure mode's name; the incident's cause code.
        profile: A profile of profiles.toml, `env`, or `sandbox`.
        apply: Whether `fix` may change anything. A protected profile also needs `confirm`.
        confirm: The profile's name, typed, for a protected one.
        title: The failure mode in words, for the report; default: the first heading of the runbook of that name.
        parameters: The notebook's other parameters, for the record.

    Raises:
        ParameterError: `runbook` is not a snake_case name.
        ProfileError: no such profile, or a reference in it points at nothing.

    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", runbook):
        raise ParameterError(f"{runbook!r} is not a failure mode's name.", remedy="Use snake_case: missing_index.")
    loan = lent_now()
    incident = Incident(loan.folder, loan.systems, apply=False, confirm="") if loan else await _new(runbook, profile, apply, confirm)
    shown = {k: mask_literals(v) if k == "query" and isinstance(v, str) else v for k, v in parameters.items()}
    opened = {
        "id": incident.id,
        "runbook": runbook,
        "title": title or _title(runbook),
        "profile": profile,
        "apply": incident.apply,
        "protected": incident.systems.profile.protected,
    }
    systems = incident.systems.profile.systems()
    incident.record("opened", {**opened, "parameters": {**shown, "apply": incident.apply}, "systems": systems}, step="open")
    for system, (ok, answer) in (loan.answers if loan else await incident.systems.ping_all()).items():
        incident.record("pinged", {"system": system, "ok": ok, "answer": answer}, step="open")
    _guard_kernel()
    return incident


async def _new(runbook: str, profile: str, apply: bool, confirm: str) -> Incident:
    """Return an incident with systems and a folder of its own; one that is still open in this process ends first."""
    global _current
    if _current is not None and not _current.closed:
        await _abandon(_current)
    known = await load_profile(profile)
    folder = _folder(runbook)
    _current = Incident(folder, Systems(known, f"runbook:{folder.name}"), apply=apply, confirm=confirm)
    if walk := os.environ.pop(HANDED_VARIABLE, ""):
        _current.handed = Handed(Path(walk), profile)
    return _current


def _title(runbook: str) -> str:
    for root in (Path.cwd(), Path(__file__).resolve().parents[2]):
        for path in root.glob(f"runbooks/*/{runbook}.ipynb"):
            heading = re.search(r'"# ([^"\\]+)', path.read_text(encoding="utf-8"))
            return heading[1] if heading else ""
    return ""


@contextmanager
def incidents_in(out: Path) -> Iterator[None]:
    """Keep the incidents that are opened meanwhile in `out`."""
    before = os.environ.get(INCIDENTS_VARIABLE)
    os.environ[INCIDENTS_VARIABLE] = str(out)
    try:
        yield
    finally:
        os.environ.pop(INCIDENTS_VARIABLE)
        if before is not None:
            os.environ[INCIDENTS_VARIABLE] = before


def _folder(runbook: str) -> Path:
    given = os.environ.pop(FOLDER_VARIABLE, "")
    if given:
        folder = Path(given)
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    return new_folder(runbook, Path(os.environ.get(INCIDENTS_VARIABLE, "incidents")))


async def _abandon(incident: Incident) -> None:
    """The opening cell was run again: the former incident ends as it stands, an unproven change undone."""
    fix = incident.story.fix
    if incident.story.undo_due and incident.applied is not None and fix is not None and fix.inverse is not None:
        reason = "a new incident was opened before it was verified"
        await undo_now(incident, incident.applied, fix.inverse, reason=reason, by="interrupt")
    incident.document()
    await incident.systems.close()


def _guard_kernel() -> None:
    from helpers.incident.kernel import redact_outputs

    redact_outputs()
