"""The loop a runbook walks: reproduce → isolate → investigate → fix → verify → document.

Every call records evidence and returns something a notebook shows. None raises for what systems do: a refusal, a time-out or a
dead server is evidence and, in the end, a verdict. Only a bug or a bad argument stops a notebook. Cells may be re-run or run out
of order: a re-run appends.
"""

from __future__ import annotations

import asyncio
import inspect
import time
import typing
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from helpers.contracts import Fix, Probe, Sample
from helpers.errors import ProfileError, SystemProblem, TimedOut
from helpers.incident import changing, measuring, views
from helpers.incident.document import IncidentDocument, StepName
from helpers.incident.evidence import EvidenceLog
from helpers.incident.evidence import Record as EvidenceRecord
from helpers.incident.handing import Handed
from helpers.incident.patience import patient
from helpers.incident.samples import keep_table
from helpers.incident.story import Story
from helpers.incident.systems import Systems
from helpers.results import CheckResult, Diagnosis, Status, row_dict
from helpers.statistics import Expectation

__all__ = ["Incident"]

INLINE_ROWS = 20
Result = CheckResult[Any] | Diagnosis
Check = Callable[..., Awaitable[Result]]


class Incident:
    """One run of one runbook; made by `open_incident`."""

    def __init__(self, folder: Path, systems: Systems, *, apply: bool, confirm: str) -> None:
        self.folder = folder
        self.id = folder.name
        self.systems = systems
        self.apply = apply
        self.confirm = confirm
        self.story = Story()
        self.log = EvidenceLog(folder)
        self.probe: Probe | None = None
        self.expectation: Expectation | None = None
        self.baseline: list[Sample] = []
        self.guards: dict[str, tuple[Any, Status]] = {}
        self.target: dict[str, Any] = {}
        self.fix_named = ""
        self.applied: Fix | None = None
        self.handed: Handed | None = None
        self.closed = False
        self._started = time.monotonic()
        self._numbers: list[tuple[object, int]] = []

    def record(self, kind: str, data: dict[str, Any], *, step: str | None = None, durable: bool = False) -> EvidenceRecord:
        """Append one record, and take it into the story."""
        record = self.log.append(kind, step or self.story.step, data, durable=durable)
        self.story.add(record)
        return record

    def begin(self, step: str) -> None:
        """Record that a step begins, the first time it does."""
        if step in self.story.steps and self.story.steps[step].started_at is None:
            self.record("began", {}, step=step)

    def finish(self, step: StepName, status: str, summary: str) -> views.StepView:
        """Record how a step ended and return its view."""
        self.record("step", {"status": status, "summary": summary}, step=step)
        return views.StepView(step, status, summary)

    async def reproduce(self, *probes: Probe, expect: str) -> views.StepView:
        """Measure the symptom with the first probe that applies and whose system the profile has; judge `expect`.

        Args:
            probes: Offered in order of preference; one whose parameters are empty does not apply.
            expect: What users may expect, `p95_ms < 150`; it does not hold → reproduced.

        """
        self.begin("reproduce")
        return await measuring.reproduce(self, probes, expect)

    async def load(self) -> int:
        """Take the probe's samples once more, as load for a check that watches; returns how many calls were made (0: passive)."""
        return await measuring.load(self)

    async def check(self, check: Check, *, timeout_s: float = 90.0, step: str = "", **arguments: Any) -> Result:
        """Ask one read-only question and keep the answer as evidence.

        A refusal, a time-out or a dead system becomes UNKNOWN, a system the profile lacks SKIPPED, each with the reason. What a triage handed
        over (handing.py) is not asked again, and the evidence says so.

        Args:
            check: An async function whose first parameter is the session of the system it asks.
            timeout_s: Seconds after which the answer is UNKNOWN; a plain check's questions have two seconds together.
            step: The step it belongs to; default: the one the incident is at.
            arguments: The check's own.
        """
        system = asks(check)
        self.begin(step or self.story.step)
        handed = self.handed.find(check, system, arguments) if self.handed else None
        if handed is not None:
            result: Result = handed.result
            how: dict[str, Any] = {"ms": 0.0, "lost": False, "handed": {"by": handed.by, "at": handed.at}}
        else:
            result, how = await self._ask(check, system, arguments, timeout_s)
        self._keep(check, system, arguments, result, how, step)
        return result

    async def _ask(self, check: Check, system: str, arguments: dict[str, Any], timeout_s: float) -> tuple[Result, dict[str, Any]]:
        started = time.perf_counter()
        lost = False
        try:
            session = await self.systems.get(system)
            async with asyncio.timeout(timeout_s):
                with patient(session, check, arguments):
                    result: Result = await check(session, **arguments)
        except ProfileError as missing:
            result = CheckResult(Status.SKIPPED, reason=missing.reason, remedy=missing.remedy)
        except (SystemProblem, TimeoutError) as problem:
            said = problem if isinstance(problem, SystemProblem) else TimedOut(system, f"no answer within {timeout_s:.0f} s")
            lost = await self.is_lost(system)
            result = CheckResult(Status.UNKNOWN, reason=said.reason, remedy=said.remedy)
        return result, {"ms": round((time.perf_counter() - started) * 1000, 1), "lost": lost}

    async def is_lost(self, system: str) -> bool:
        """Whether the system is gone, as against having refused this one question."""
        try:
            await (await self.systems.get(system)).ping()
        except (SystemProblem, TimeoutError):
            return True
        return False

    def _keep(self, check: Check, system: str, arguments: dict[str, Any], result: Result, how: dict[str, Any], step: str) -> None:
        name = getattr(check, "__name__", str(check))
        data: dict[str, Any] = {"check": name, "system": system, "title": title_of(check), **how}
        data["arguments"] = {k: self._argument(v) for k, v in arguments.items() if not callable(v)}
        data |= {"status": str(result.status), "summary": result.summary, "facts": result.facts}
        if isinstance(result, Diagnosis):
            data |= {"code": result.code, "subject": result.subject, "because": list(result.because), "against": list(result.against)}
            data |= {"reason": "", "remedy": "", "rows": [], "n_rows": 0}
        else:
            rows = [row_dict(row) for row in result.rows]
            data |= {"reason": result.reason, "remedy": result.remedy, "rows": rows[:INLINE_ROWS], "n_rows": len(rows)}
            if len(rows) > INLINE_ROWS:
                data["table"] = keep_table(self.folder, name, rows)
        self._numbers.append((result, self.record("checked", data, step=step or None).seq))

    def _argument(self, value: Any) -> Any:
        number = self._number(value)
        return f"record {number}" if number else value

    def _number(self, thing: object) -> int | None:
        return next((seq for kept, seq in reversed(self._numbers) if kept is thing), None)

    def isolate(self, because: Result, summary: str = "") -> views.StepView:
        """Record the smallest reproduction: what of the symptom `because` singles out."""
        known = because.status in (Status.OK, Status.PROBLEM)
        reason = getattr(because, "reason", "")
        return self.finish("isolate", "done" if known else "unknown", summary or because.summary or reason)

    def conclude(self, diagnosis: Result) -> views.StepView:
        """Name the cause, another failure mode, or none, as the diagnosis says.

        A cause is named only when the symptom was reproduced; a diagnosis that disagrees with the probe is inconclusive.
        """
        own = str(self.story.opened.get("runbook", ""))
        how, cause = _conclusion(diagnosis, own, reproduced=self.story.reproduced)
        data: dict[str, Any] = {"how": how, "summary": diagnosis.summary or getattr(diagnosis, "reason", ""), "other": None, "cause": None}
        if how == "other" and isinstance(diagnosis, Diagnosis):
            data["other"] = diagnosis.code
        if cause is not None:
            number = self._number(diagnosis)
            data["cause"] = {
                "code": own, "subject": cause.subject, "summary": cause.summary,
                "because": list(cause.because), "evidence": [number] if number else [],
            }  # fmt: skip
            self.target, self.fix_named = dict(cause.target), cause.fix
        self.record("concluded", data, step="investigate")
        return self.finish("investigate", "unknown" if how == "unknown" else "done", str(data["summary"]))

    def cause(self, subject: str, *, because: Sequence[Result], summary: str = "", **target: Any) -> views.StepView:
        """Name the cause by hand, resting on results that are evidence already; `target` holds the fix's arguments."""
        sentences = [result.summary for result in because if result.summary]
        own = str(self.story.opened.get("runbook", ""))
        return self.conclude(Diagnosis(Status.PROBLEM, own, subject, summary or f"{subject}: {own}.", target, sentences))

    def no_cause(self, *, because: Sequence[Result], other: str | None = None, summary: str = "") -> views.StepView:
        """Record that this failure mode is not the cause; `other` names the runbook to try."""
        text = summary or " ".join(result.summary for result in because)
        return self.conclude(Diagnosis(Status.PROBLEM if other else Status.OK, other, summary=text))

    async def fix(self, *offered: Fix | Callable[..., Fix], guards: Sequence[Any] = (), timeout_s: float = 900.0) -> views.StepView:
        """Preview the fix that the cause asks for; apply it only if the incident was opened with `apply` and its cause is named.

        Args:
            offered: Fixes, or fix classes that are made with the cause's own target; of several, the one the diagnosis names.
            guards: Checks or probes that must not get worse; measured before the change, and again by `verify`.
            timeout_s: Seconds the change itself may take.

        """
        self.begin("fix")
        return await changing.fix(self, offered, guards, timeout_s)

    async def verify(self) -> views.StepView:
        """Measure the same probe again, compare, ask the guards again; what did not pass is undone."""
        self.begin("verify")
        return await changing.verify(self)

    def document(self) -> views.DocumentView:
        """Write incident.json and the reports; returns the view that links to them. May be called again."""
        from helpers.incident.closing import close

        footprint = {**self.systems.footprint(), "duration_s": round(time.monotonic() - self._started, 1)}
        document = close(self, footprint)
        self.closed = True
        return views.DocumentView(self.folder, document)

    def outcome(self) -> IncidentDocument:
        """Return incident.json's content as of now."""
        return self.story.document()

    def _repr_html_(self) -> str:
        return views.incident_html(self.story.opened, self.story.systems, apply=self.apply)


def asks(check: Check) -> str:
    """Return the system a check asks: the `system` of its first parameter's class."""
    first = next(iter(inspect.signature(check).parameters))
    hints = typing.get_type_hints(check)
    system: str = hints[first].system
    return system


def title_of(check: Check) -> str:
    """Return the first line of the check's own words."""
    text = inspect.getdoc(inspect.getmodule(check)) or inspect.getdoc(check) or ""
    return text.splitlines()[0] if text else getattr(check, "__name__", "")


def _conclusion(diagnosis: Result, own: str, *, reproduced: bool | None) -> tuple[str, Diagnosis | None]:
    if not isinstance(diagnosis, Diagnosis) or diagnosis.status in (Status.UNKNOWN, Status.SKIPPED):
        return "unknown", None
    if diagnosis.status is Status.OK or diagnosis.code is None:
        return "sound", None
    if diagnosis.code != own:
        return "other", None
    return ("cause", diagnosis) if reproduced else ("disagrees", None)
