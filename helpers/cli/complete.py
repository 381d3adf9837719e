"""What the shell completes: runbooks, profiles, incidents, faults."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["faults", "incident_folder", "incidents", "profiles", "runbooks"]


def runbooks(incomplete: str) -> list[str]:
    """Return the runbooks whose name starts so."""
    from helpers.runner.catalogue import find_runbooks

    return [name for name in find_runbooks() if name.startswith(incomplete)]


def profiles(incomplete: str) -> list[str]:
    """Return the profiles whose name starts so."""
    from helpers.settings import profile_names

    return [name for name in profile_names() if name.startswith(incomplete)]


def incidents(incomplete: str) -> list[str]:
    """Return the incidents of the working folder whose id starts so, newest first."""
    found = sorted(Path(_incidents()).glob("*/evidence.jsonl"), reverse=True)
    return [path.parent.name for path in found if path.parent.name.startswith(incomplete)]


def faults(incomplete: str) -> list[str]:
    """Return the sandbox's faults whose name starts so."""
    from helpers.sandbox.faults import faults as known

    return [fault["name"] for fault in known() if fault["name"].startswith(incomplete)]


def _incidents() -> str:
    return os.environ.get("RUNBOOK_INCIDENTS", "incidents")


def incident_folder(incident: str) -> Path:
    """Return the folder of an incident given by its id, a unique start or part of it, `last`, or a path.

    Raises:
        ParameterError: none or several fit.
    """
    from helpers.errors import ParameterError, near_misses

    if Path(incident).is_dir():
        return Path(incident).resolve()
    known = incidents("")
    fitting = known[:1] if incident == "last" else [name for name in known if incident in name]
    if len(fitting) != 1:
        reason = f"{len(fitting)} incidents fit {incident!r}." if fitting else f"There is no incident {incident!r} in {_incidents()}/."
        raise ParameterError(reason, remedy=near_misses(incident, known) or "Give its id or the path of its folder; `last` is the newest.")
    return (Path(_incidents()) / fitting[0]).resolve()
