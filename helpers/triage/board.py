"""Walk every runbook at once within a time, and rank what was found."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from helpers.alerts import Alert
from helpers.incident.handing import WALKS
from helpers.incident.lending import Loan, Taken
from helpers.incident.loop import Incident
from helpers.incident.systems import Systems
from helpers.results import Diagnosis, Status
from helpers.runner.catalogue import RunbookInfo, find_runbooks
from helpers.triage.alert_words import walked_first
from helpers.triage.finding import LATE, Finding, State
from helpers.triage.from_alert import since_of, with_alert
from helpers.triage.leads import Leads, learn
from helpers.triage.preload import preload
from helpers.triage.queues import LANES, Queues
from helpers.triage.ranking import rank
from helpers.triage.view import Board
from helpers.triage.walking import walk

__all__ = ["triage"]

TRIED_ON = [State.UNASKED, State.SOUND, State.OPEN, State.SYMPTOM]  # by how much they tell; another request may tell more
BUDGET_S = 25.0  # for the leads and the walks: with the start and the report it is under 30
ENDING_S = 0.5  # for walks to end where the time ends
CLOSING_S = 2.0  # for a lane's sessions
HANGS_S = 4.0  # a walk that takes longer waits for a request that hangs: the next request is tried once every runbook was walked
Told = Callable[[Finding], None]


async def triage(
    incident: Incident, *, budget_s: float = BUDGET_S, given: Mapping[str, Any] | None = None, told: Told | None = None,
    alert: Alert | None = None,
) -> Board:  # fmt: skip
    """Return what may be wrong, ranked, and what was found sound or could not be asked; the incident's conclusion is the first row.

    Args:
        incident: An open incident of the runbook `triage`; its profile says what is asked.
        budget_s: Seconds for the leads and the walks; what has not answered by then is said to be unasked.
        given: Parameters for every runbook that has them, such as `credentials_a`; they win over what the logs suggest.
        told: Called with each finding as it comes.
        alert: What was reported: what it speaks of is walked first, and the request it names is tried. It is shown as evidence.

    """
    incident.begin("reproduce")
    began = time.monotonic()
    if alert is not None:
        incident.record("alerted", alert.as_data(), step="reproduce")
    learnt, _ = await asyncio.gather(learn(incident, since=since_of(alert)), preload(incident.systems.profile.systems()))
    leads = with_alert(learnt, alert, incident.systems.profile)
    infos = sorted((info for info in find_runbooks().values() if info.area and info.source is not None), key=leads.is_vague)
    infos = walked_first(infos, alert)
    answers = {name: (name not in incident.story.lost, answer) for name, answer in incident.story.systems.items()}
    known = {k: v for k, v in (given or {}).items() if v != ""}
    findings = await _Walker(incident, answers, leads, known, told, began + budget_s).all(infos)
    rows = rank(findings, incident.systems.profile.name, triage=incident.id, order=[info.name for info in infos])
    board = Board(rows, findings, leads.said, round(time.monotonic() - began, 1), alert)
    _conclude(incident, board)
    return board


class _Walker:
    """The lanes: a few walks of each area at a time."""

    def __init__(
        self, incident: Incident, answers: Mapping[str, tuple[bool, str]], leads: Leads, given: Mapping[str, Any], told: Told | None,
        deadline: float,
    ) -> None:  # fmt: skip
        self._incident = incident
        self._answers = answers
        self._leads = leads
        self._given = given
        self._told = told or (lambda _: None)
        self._findings: dict[str, Finding] = {}
        self._left: dict[str, list[dict[str, Any]]] = {}  # parameters that are still to be tried
        self._tried: Counter[str] = Counter()
        self._taken = Taken()
        self._deadline = deadline  # by time.monotonic

    async def all(self, infos: list[RunbookInfo]) -> list[Finding]:
        """Return a finding for each, in their order."""
        queues = Queues(infos)
        lanes = [asyncio.create_task(self._lane(area, queues)) for area in queues.areas for _ in range(LANES)]
        _, late = await asyncio.wait(lanes, timeout=max(self._deadline - time.monotonic(), 0.1) + ENDING_S)
        for lane in late:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
        return [self._findings.get(i.name) or Finding(i.name, i.area, i.title, State.UNASKED, LATE) for i in infos]

    async def _lane(self, area: str, queues: Queues) -> None:
        systems = Systems(self._incident.systems.profile, self._incident.systems.application_name)
        systems.turns = self._incident.systems.turns
        try:
            while time.monotonic() < self._deadline and (info := queues.take(area)) is not None:
                self._findings[info.name] = found = await self._walked(info, systems)
                if self._left.get(info.name):
                    queues.again(info)
                else:
                    queues.done(info)
                    self._told(found)
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSING_S):
                    await systems.close()

    async def _walked(self, info: RunbookInfo, systems: Systems) -> Finding:
        if info.name not in self._left:
            leads, sound = self._leads.of(info)
            own = {k: v for k, v in self._given.items() if k in {p.name for p in info.parameters}}
            if sound and not own:
                return Finding(info.name, info.area, info.title, State.SOUND, sound)
            self._left[info.name] = [own] if "endpoint" in own else [{**lead, **own} for lead in leads]
        left = self._left[info.name]
        while left:
            finding = await self._try(info, left.pop(0), systems)
            if finding.state not in TRIED_ON or time.monotonic() >= self._deadline:
                left.clear()
            if finding.took_s > HANGS_S:
                break
        return self._findings[info.name]

    async def _try(self, info: RunbookInfo, given: dict[str, Any], systems: Systems) -> Finding:
        """Return what one walk finds; of several the best stands, also when the time ends meanwhile."""
        self._tried[info.name] += 1
        number = self._tried[info.name]
        folder = self._incident.folder / WALKS / (info.name if number == 1 else f"{info.name}-{number}")
        folder.mkdir(parents=True, exist_ok=True)
        loan = Loan(systems, self._answers, folder, self._taken)
        finding = await walk(info, given, loan, most_s=self._deadline - time.monotonic())
        best = self._findings.get(info.name)
        if best is None or _tells_more(finding, best):
            self._findings[info.name] = finding
        if number == 1:
            self._left[info.name] += [{**told, **given} for told in self._leads.told(info, finding.missing)]
        return finding


def _tells_more(finding: Finding, than: Finding) -> bool:
    return finding.state not in TRIED_ON or TRIED_ON.index(finding.state) > TRIED_ON.index(than.state)


def _conclude(incident: Incident, board: Board) -> None:
    """Record every finding and the ranking as evidence, and the first row as the conclusion."""
    for finding in board.findings:
        incident.record("walked", asdict(finding), step="reproduce")
    for row in board.rows:
        incident.record("ranked", asdict(row), step="isolate")
    holds = "no" if board.wrong else "unclear" if board.rows else "yes"
    incident.record("judged", {"expectation": "no runbook's symptom", "value": len(board.wrong), "holds": holds}, step="reproduce")
    incident.finish("reproduce", "done", board.said)
    incident.finish("isolate", "done", board.said)
    incident.conclude(_conclusion(board))


def _conclusion(board: Board) -> Diagnosis:
    first = next((row for row in board.wrong if row.state != State.SYMPTOM), None)
    if first is not None:
        return Diagnosis(Status.PROBLEM, first.runbook, first.subject, board.said, because=first.because, against=first.against)
    is_sound = bool(board.sound) and not board.rows and not board.late and not board.lost
    return Diagnosis(Status.OK if is_sound else Status.UNKNOWN, summary=board.said)
