"""Walk one runbook in short, in this process: its own cells from the first to the conclusion, on systems that are lent to it.

What a runbook finds is thereby found by the runbook's own code; nothing here knows one failure mode from another.
"""

from __future__ import annotations

import ast
import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import CodeType
from typing import Any

from helpers.errors import RunbookError
from helpers.incident.lending import Loan, lent
from helpers.incident.loop import Incident
from helpers.incident.measuring import NO_PROBE
from helpers.results import Diagnosis
from helpers.runner.catalogue import RunbookInfo
from helpers.runner.declared import Parameter
from helpers.triage.finding import FELT, LATE, Finding, State

__all__ = ["shortened", "walk"]

# A short look: a gauge takes its usual number of readings in this time, so that its statistics stay what they are.
SHORT_S = {"window_s": 2.5, "watch_s": 2.0, "patience_s": 18.0}  # patience is a wait that costs nobody anything
_AWAITED = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


def shortened(info: RunbookInfo) -> dict[str, Any]:
    """Return the windows of the runbook's parameters cell, cut to a short look."""
    declared = {p.name: p.default for p in info.parameters}
    return {name: min(most, declared[name]) for name, most in SHORT_S.items() if name in declared}


async def walk(info: RunbookInfo, given: Mapping[str, Any], loan: Loan, *, most_s: float) -> Finding:
    """Return what the runbook finds; whatever goes wrong in it is a finding too (UNASKED, with the reason).

    Args:
        info: The runbook.
        given: Values for its parameters, over its defaults.
        loan: The systems it asks, and the folder its evidence goes to.
        most_s: Seconds after which the walk ends where it is: a symptom that was measured by then is told.

    """
    began = time.monotonic()
    space: dict[str, Any] = {}
    limit = asyncio.timeout(most_s)
    try:
        with lent(loan):
            async with limit:
                await _run(info, {**shortened(info), **given, "profile": loan.systems.profile.name}, space)
    except Exception as error:  # a runbook's own defect must not end the triage of the others
        if limit.expired():
            return _late(info, space.get("incident"), dict(given), began)
        known = f"{error.reason} {error.remedy}".strip() if isinstance(error, RunbookError) else ""
        return _unasked(info, known or f"It broke: {type(error).__name__}: {error}", began)
    incident = space.get("incident")
    if not isinstance(incident, Incident):
        return _unasked(info, "It opens no incident.", began)
    return _found(info, incident, space.get("diagnosis"), dict(given), began)


async def _run(info: RunbookInfo, values: Mapping[str, Any], space: dict[str, Any]) -> None:
    """Run the code cells up to the conclusion, or up to a reproduction that says there is nothing."""
    for source, is_parameters in _cells(info):
        awaited = eval(_compiled(source, info), space)  # noqa: S307 (the runbook's own cells, as a kernel would run them)
        if asyncio.iscoroutine(awaited):
            await awaited
        if is_parameters:
            space |= values
        incident = space.get("incident")
        if isinstance(incident, Incident) and (incident.story.concluded or _is_over(incident)):
            return


def _cells(info: RunbookInfo) -> list[tuple[str, bool]]:
    cells = json.loads(info.path.read_bytes())["cells"]
    code = [(c["source"], "parameters" in c.get("metadata", {}).get("tags", [])) for c in cells if c["cell_type"] == "code"]
    return [(source if isinstance(source, str) else "".join(source), tagged) for source, tagged in code]


def _compiled(source: str, info: RunbookInfo) -> CodeType:
    code: CodeType = compile(source, str(info.path), "exec", flags=_AWAITED)
    return code


def _is_over(incident: Incident) -> bool:
    """Whether the symptom was looked for, and is not there or could not be looked for at all."""
    story = incident.story
    return story.reproduced is False or bool(story.probe_lost or story.probe_refused)


def _unasked(info: RunbookInfo, reason: str, began: float, missing: Sequence[Parameter] = ()) -> Finding:
    if missing:
        reason = f"It has to be told {', '.join(f'{p.name} ({p.description})' for p in missing)}."
    return Finding(info.name, info.area, info.title, State.UNASKED, reason, missing=[p.name for p in missing], took_s=_since(began))


def _late(info: RunbookInfo, incident: Any, given: dict[str, Any], began: float) -> Finding:
    if isinstance(incident, Incident) and incident.story.reproduced:
        said = f"{incident.story.steps['reproduce'].summary} Its cause was not found in time."
        state = State.SYMPTOM if _is_felt(incident) else State.OPEN
        return Finding(info.name, info.area, info.title, state, said, given=given, unit=_unit(incident), took_s=_since(began))
    return Finding(info.name, info.area, info.title, State.UNASKED, LATE, given=given, took_s=_since(began))


def _found(info: RunbookInfo, incident: Incident, diagnosis: Any, given: dict[str, Any], began: float) -> Finding:
    story = incident.story
    reason = story.probe_lost or story.probe_refused
    if reason.startswith(NO_PROBE):
        return _unasked(info, reason, began, _missing(info, given))
    if reason:
        return replace(_unasked(info, reason, began), lost=bool(story.probe_lost), **_refused_for_it(info, reason))
    state, measured = _state(incident), story.steps["reproduce"].summary
    said = f"{measured} {story.conclusion}".strip() if state in (State.SYMPTOM, State.OPEN) else story.conclusion or measured
    found = Finding(info.name, info.area, info.title, state, said, given=given, unit=_unit(incident), took_s=_since(began))
    if not isinstance(diagnosis, Diagnosis):
        return found
    names = {p.name for p in info.parameters if p.default == ""}
    learnt = {k: v for k, v in diagnosis.target.items() if k in names and isinstance(v, str) and v}
    return replace(
        found, subject=diagnosis.subject, other=story.other or "", because=tuple(diagnosis.because), against=tuple(diagnosis.against),
        given={**learnt, **given},
    )  # fmt: skip


def _refused_for_it(info: RunbookInfo, reason: str) -> dict[str, Any]:
    """A server that lets nobody in, and says that this runbook is why: that is its symptom, and requests fail of it."""
    return {"state": State.SYMPTOM, "unit": "%"} if f"`runbook run {info.name}`" in reason else {}


def _is_felt(incident: Incident) -> bool:
    """Whether the symptom is one that users feel: then it is worth telling even where this runbook's cause is not the one."""
    return _unit(incident) in FELT


def _unit(incident: Incident) -> str:
    """What the symptom is measured in."""
    return incident.expectation.unit if incident.expectation else ""


def _missing(info: RunbookInfo, given: Mapping[str, Any]) -> list[Parameter]:
    """Return the open parameters of a runbook that had nothing to ask with."""
    own = ("profile", "confirm")
    return [p for p in info.parameters if p.default == "" and p.name not in own and p.name not in given]


def _state(incident: Incident) -> State:
    story = incident.story
    if story.cause is not None:
        return State.CAUSE
    if story.reproduced is False or (story.concluded == "sound" and not (story.reproduced and _is_felt(incident))):
        return State.SOUND
    if story.reproduced is None:
        return State.SUSPECTED if story.concluded == "disagrees" else State.UNASKED
    if story.other:
        return State.OTHER
    return State.SYMPTOM if _is_felt(incident) else State.OPEN


def _since(began: float) -> float:
    return round(time.monotonic() - began, 2)
