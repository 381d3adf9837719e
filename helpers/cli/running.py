"""Run one runbook and tell how it ended; shared by `run` and `demo`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.errors import ParameterError
from helpers.incident.handing import HANDED_VARIABLE, WALKS

if TYPE_CHECKING:
    from helpers.runner import RunResult

__all__ = ["run_and_tell"]

_MARKS = {"resolved": "✓", "healthy": "✓", "cause_found": "●", "other_cause": "●", "not_resolved": "✗"}


async def run_and_tell(
    name: str, assignments: list[str], *, profile: str, apply: bool, confirm: str, out: Path, as_json: bool, triage: str = ""
) -> int:
    """Run `name`, progress on stderr, and return the exit code. Raises UsageError before anything starts."""
    from helpers.runner import execute, find_runbook
    from helpers.runner.parameters import parse_assignments
    from helpers.runner.progress import Progress

    parameters = parse_assignments(assignments, find_runbook(name).parameters)
    named = profile or str(parameters.get("profile", ""))
    if (apply or parameters.get("apply")) and named:
        confirm = await _confirmed(named, confirm or str(parameters.get("confirm", "")))
    env = {HANDED_VARIABLE: str(_walk(triage, find_runbook(name).name))} if triage else {}
    with Progress() as on_event:
        result = await execute(name, parameters, profile=profile or None, apply=apply, confirm=confirm, out=out, on_event=on_event, env=env)
    _tell(result, as_json=as_json)
    return result.exit_code


def _walk(triage: str, runbook: str) -> Path:
    """Return the folder of what a triage found of this runbook. Raises ParameterError when there is none."""
    from helpers.cli.complete import incident_folder

    folder = incident_folder(triage)
    if not (folder / WALKS / runbook).is_dir():
        raise ParameterError(
            f"{folder.name} did not look into {runbook}.", remedy="Give the id of the triage that named it, or leave --from out."
        )
    return folder / WALKS / runbook


async def _confirmed(profile: str, confirm: str) -> str:
    """Return the typed name of a protected profile; ask for it on a terminal."""
    from helpers.settings import load_profile

    if profile == "sandbox" or not (await load_profile(profile)).protected or confirm == profile:
        return confirm
    if not confirm and sys.stdin.isatty():
        sys.stderr.write(f"The profile {profile} is protected. Type its name to apply a fix to it: ")
        sys.stderr.flush()
        confirm = sys.stdin.readline().strip()
    if confirm != profile:
        raise ParameterError(f"The profile {profile} is protected, and its name was not typed.", remedy=f"Add --confirm {profile}.")
    return confirm


def _tell(result: RunResult, *, as_json: bool) -> None:
    from helpers.cli.console import print_json, say

    document, folder = result.document, result.folder
    say(f"\n{_MARKS.get(document.verdict, '○')} {document.verdict}: {document.summary}")
    if document.broken:
        say(f"✗ The run broke: {document.broken}")
    for text in document.follow_ups:
        say(f"  → {text}")
    say(f"\n{folder / 'report.html'}")
    if as_json:
        print_json(document.to_json())
