"""Run one runbook and tell how it ended; shared by `run` and `demo`."""

from __future__ import annotations

import sys
from pathlib import Path

from helpers.errors import ParameterError

__all__ = ["run_and_tell"]

_MARKS = {"resolved": "✓", "healthy": "✓", "cause_found": "●", "other_cause": "●", "not_resolved": "✗"}


def run_and_tell(name: str, assignments: list[str], *, profile: str, apply: bool, confirm: str, out: Path, as_json: bool) -> int:
    """Run `name`, progress on stderr, and return the exit code. Raises UsageError before anything starts."""
    from helpers.runner import execute
    from helpers.runner.catalogue import get_runbook
    from helpers.runner.parameters import parse_assignments
    from helpers.runner.progress import progress

    info = get_runbook(name)
    parameters = parse_assignments(info, assignments)
    profile = profile or str(parameters.pop("profile", "")) or str(info.default("profile"))
    if apply:
        confirm = _confirmed(profile, confirm)
    with progress() as on_event:
        result = execute(info, parameters, profile=profile, apply=apply, confirm=confirm, out=out, on_event=on_event)
    _tell(result, as_json=as_json)
    return result.exit_code


def _confirmed(profile: str, confirm: str) -> str:
    """Return the typed name of a protected profile; ask for it on a terminal."""
    import asyncio

    from helpers.settings import load_profile

    if profile == "sandbox" or not asyncio.run(load_profile(profile)).protected or confirm == profile:
        return confirm
    if not confirm and sys.stdin.isatty():
        sys.stderr.write(f"The profile {profile} is protected. Type its name to apply a fix to it: ")
        sys.stderr.flush()
        confirm = sys.stdin.readline().strip()
    if confirm != profile:
        raise ParameterError(f"The profile {profile} is protected, and its name was not typed.", remedy=f"Add --confirm {profile}.")
    return confirm


def _tell(result: object, *, as_json: bool) -> None:
    from helpers.cli.console import print_json, say

    document = result.document  # type: ignore[attr-defined]
    folder: Path = result.folder  # type: ignore[attr-defined]
    say(f"\n{_MARKS.get(document.verdict, '○')} {document.verdict}: {document.summary}")
    if document.broken:
        say(f"✗ The run broke: {document.broken}")
    for text in document.follow_ups:
        say(f"  → {text}")
    say(f"\n{folder / 'report.html'}")
    if as_json:
        print_json(document.to_json())
