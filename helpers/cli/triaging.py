"""Run a triage and tell what it found; progress on stderr, one line for each runbook as it answers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.errors import ParameterError

if TYPE_CHECKING:
    from helpers.triage.finding import Finding

__all__ = ["triage_and_tell"]

_MARKS = {"cause": "●", "suspected": "◐", "other": "↳", "symptom": "○", "open": "◌", "sound": "✓", "unasked": "?"}
_EXITS = {"healthy": 0, "other_cause": 1}


async def triage_and_tell(profile: str, assignments: list[str], *, budget_s: float, out: Path, as_json: bool, alert: str = "") -> int:
    """Triage `profile`, tell people on stderr, and return the exit code: 0 nothing is wrong, 1 something is, 3 it cannot be said.

    Args:
        profile: Which systems; an alert never says which.
        assignments: Parameters, as KEY=VALUE.
        budget_s: Seconds for the walks.
        out: Where the incident goes.
        as_json: Whether the ranking is printed on stdout.
        alert: A file with the alert that led here, or `-`.

    """
    from helpers.cli.alerting import alert_given
    from helpers.cli.console import print_json, say
    from helpers.incident.opening import incidents_in, open_incident
    from helpers.triage.board import triage

    given, alerted = assigned(assignments), alert_given(alert)
    with incidents_in(out):
        incident = await open_incident("triage", profile=profile, title="Triage: which runbook fits", budget_s=budget_s, **given)
    try:
        board = await triage(incident, budget_s=budget_s, given=given, told=_tell, alert=alerted)
        document = incident.document().document
    finally:
        await incident.systems.close()
    say("\n" + "\n".join([board.said, "", *board.lines()]))
    say(f"\n{incident.folder / 'report.html'}")
    if as_json:
        print_json({"incident": incident.id, **board.to_json()})
    return _EXITS.get(document.verdict, 3)


def assigned(assignments: list[str]) -> dict[str, Any]:
    """Return the parameters given as KEY=VALUE, each read as the type the runbooks give it.

    Raises:
        ParameterError: no runbook has such a parameter, or its value is of another type.

    """
    from helpers.runner.catalogue import find_runbooks
    from helpers.runner.parameters import parse_assignments

    declared = {p.name: p for info in find_runbooks().values() if info.source is not None for p in info.parameters}
    own = {"profile", "apply", "confirm"}
    given = parse_assignments(assignments, [p for name, p in declared.items() if name not in own])
    if not given and assignments:
        raise ParameterError("Nothing was given.")
    return given


def _tell(found: Finding) -> None:
    sys.stderr.write(f"{_MARKS[found.state]} {found.runbook} ({found.took_s:.1f} s)\n")
    sys.stderr.flush()
