"""From evidence to document: everything incident.json says is folded from the records, live, after a crash and in an audit alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from helpers.incident.document import STEPS, Cause, FixRecord, IncidentDocument, Step, Verdict, Verification
from helpers.incident.evidence import GENESIS, Record

__all__ = ["Story", "tell"]


@dataclass(slots=True)
class Story:
    """The state of one incident: what the records up to now add up to."""

    opened: dict[str, Any] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=lambda: {name: Step(name=name) for name in STEPS})
    systems: dict[str, str] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)  # system → why it last could not be asked
    reproduced: bool | None = None  # None: not measured, or unclear
    measured: bool = False
    probe_lost: str = ""
    probe_refused: str = ""  # the system is there, and would not measure this
    cause: Cause | None = None
    concluded: str = ""  # "", "cause", "other", "sound", "unknown", "disagrees"
    other: str | None = None
    conclusion: str = ""
    fix: FixRecord | None = None
    fix_failed: str = ""
    intent: bool = False
    verification: Verification | None = None
    verify_lost: str = ""
    follow_ups: list[str] = field(default_factory=list)
    footprint: dict[str, Any] = field(default_factory=dict)
    broken: str | None = None
    started_at: str = ""
    finished_at: str | None = None
    head: str = GENESIS

    @property
    def step(self) -> str:
        """The step the next question belongs to."""
        done = {name for name, step in self.steps.items() if step.status != "pending"}
        return next((name for name in STEPS[:3] if name not in done), "investigate")

    @property
    def undo_due(self) -> bool:
        """Whether a change may stand that was neither proven nor undone."""
        proven = self.verification is not None and self.verification.passed
        return self.intent and self.fix is not None and self.fix.reversible and not self.fix.undone and not proven

    def add(self, record: Record) -> None:
        """Take one record in."""
        self.started_at = self.started_at or record.at
        self.head = record.hash
        step = self.steps.get(record.step)
        if step is not None:
            step.started_at = step.started_at or record.at
            step.finished_at = record.at
        handler = _HANDLERS.get(record.kind)
        if handler is not None:
            handler(self, record)

    def document(self) -> IncidentDocument:
        """Return incident.json's content as of now."""
        from helpers.incident.verdict import judge

        verdict, summary, following = judge(self)
        opened = self.opened
        return IncidentDocument(
            id=opened.get("id", ""), runbook=opened.get("runbook", ""), title=opened.get("title", ""), profile=opened.get("profile", ""),
            parameters=opened.get("parameters", {}), verdict=verdict, summary=summary, cause=self.cause,
            other=self.other, next_runbook=self.other if verdict is Verdict.OTHER_CAUSE else None, fix=self.fix,
            steps=list(self.steps.values()), verification=self.verification, systems=self.systems,
            follow_ups=[*following, *self.follow_ups], footprint=self.footprint, broken=self.broken,
            started_at=self.started_at, finished_at=self.finished_at, evidence_head=self.head,
        )  # fmt: skip


def tell(records: Iterable[Record]) -> Story:
    """Return the story the records tell, in order."""
    story = Story()
    for record in records:
        story.add(record)
    return story


def _opened(s: Story, r: Record) -> None:
    s.opened = r.data


def _pinged(s: Story, r: Record) -> None:
    s.systems[r.data["system"]] = r.data["answer"]
    if r.data["ok"]:
        s.lost.pop(r.data["system"], None)
    else:
        s.lost[r.data["system"]] = r.data["answer"]


def _step(s: Story, r: Record) -> None:
    step = s.steps[r.step]
    step.status, step.summary = r.data["status"], r.data.get("summary", "")


def _judged(s: Story, r: Record) -> None:
    if s.intent:  # a cell run again after the change measures the changed system: what led to the change stays
        return
    s.measured = True
    s.reproduced = {"no": True, "yes": False}.get(r.data["holds"])
    s.probe_lost = ""


def _probe_lost(s: Story, r: Record) -> None:
    if r.step == "reproduce":
        s.probe_lost, s.probe_refused = (r.data["reason"], "") if r.data.get("lost", True) else ("", r.data["reason"])
    else:
        s.verify_lost = r.data["reason"]


def _checked(s: Story, r: Record) -> None:
    if r.data.get("lost"):
        s.lost[r.data["system"]] = r.data["reason"]
    elif r.data["status"] in ("OK", "PROBLEM"):
        s.lost.pop(r.data["system"], None)


def _concluded(s: Story, r: Record) -> None:
    if s.intent:
        return
    s.concluded, s.conclusion, s.other = r.data["how"], r.data["summary"], r.data.get("other")
    s.cause = Cause(**r.data["cause"]) if r.data.get("cause") else None


def _fix_previewed(s: Story, r: Record) -> None:
    if not s.intent:
        s.fix = FixRecord(**r.data)


def _fix_intent(s: Story, r: Record) -> None:
    s.intent = True
    if s.fix:
        s.fix.inverse = r.data["inverse"]


def _fix_applied(s: Story, r: Record) -> None:
    if s.fix:
        s.fix.applied, s.fix.applied_at, s.fix.read_back = True, r.at, r.data["read_back"]


def _fix_failed(s: Story, r: Record) -> None:
    s.fix_failed = r.data["reason"]
    if r.data.get("lost"):
        s.lost[r.data["lost"]] = r.data["reason"]


def _verified(s: Story, r: Record) -> None:
    s.verification, s.verify_lost = Verification(**r.data), ""


def _undone(s: Story, r: Record) -> None:
    if s.fix:
        s.fix.undone, s.fix.undo_reason = True, r.data["reason"]


def _undo_failed(s: Story, r: Record) -> None:
    s.follow_ups.append(f"The undo failed ({r.data['reason']}): run `runbook undo {s.opened.get('id', '')}` when the system answers.")


def _follow_up(s: Story, r: Record) -> None:
    if r.data["text"] not in s.follow_ups:  # a re-run cell says it again
        s.follow_ups.append(r.data["text"])


def _broken(s: Story, r: Record) -> None:
    s.broken = r.data["reason"]


def _closed(s: Story, r: Record) -> None:
    s.finished_at, s.footprint = r.at, r.data.get("footprint", {})


_HANDLERS: dict[str, Callable[[Story, Record], None]] = {
    "opened": _opened, "pinged": _pinged, "step": _step, "judged": _judged, "probe_lost": _probe_lost, "checked": _checked,
    "concluded": _concluded, "fix_previewed": _fix_previewed, "fix_intent": _fix_intent, "fix_applied": _fix_applied,
    "fix_failed": _fix_failed, "verified": _verified, "undone": _undone, "undo_failed": _undo_failed,
    "follow_up": _follow_up, "broken": _broken, "closed": _closed,
}  # fmt: skip
