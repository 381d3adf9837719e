"""`incident.json`: the machine-readable result of one incident, a published and versioned schema."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["EXIT_CODES", "STEPS", "Cause", "FixRecord", "IncidentDocument", "Step", "StepName", "Verdict", "Verification"]

SCHEMA = "runbook/incident/1"
StepName = Literal["reproduce", "isolate", "investigate", "fix", "verify", "document"]
STEPS: tuple[StepName, ...] = ("reproduce", "isolate", "investigate", "fix", "verify", "document")


class Verdict(StrEnum):
    """How an incident ended."""

    HEALTHY = "healthy"
    RESOLVED = "resolved"
    CAUSE_FOUND = "cause_found"
    NOT_RESOLVED = "not_resolved"
    OTHER_CAUSE = "other_cause"
    INCONCLUSIVE = "inconclusive"
    UNREACHABLE = "unreachable"


EXIT_CODES = {
    Verdict.HEALTHY: 0,
    Verdict.RESOLVED: 0,
    Verdict.CAUSE_FOUND: 1,
    Verdict.NOT_RESOLVED: 1,
    Verdict.OTHER_CAUSE: 1,
    Verdict.INCONCLUSIVE: 3,
    Verdict.UNREACHABLE: 3,
}


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Step(_Model):
    """One of the six steps; `summary` is its condition in one sentence."""

    name: StepName
    status: Literal["pending", "done", "skipped", "unknown", "failed"] = "pending"
    summary: str = ""
    started_at: str | None = None
    finished_at: str | None = None


class Cause(_Model):
    """A failure mode, the thing that has it, and the evidence (record numbers) it rests on."""

    code: str
    subject: str
    summary: str
    because: list[str] = Field(default_factory=list)
    evidence: list[int] = Field(default_factory=list)


class FixRecord(_Model):
    """What was, or would be, changed. `inverse` is what `runbook undo` needs."""

    name: str
    needs: str
    arguments: dict[str, Any]
    reversible: bool
    applicable: bool = True
    preview: list[str]
    undo: list[str]
    effects: list[str]
    patch: str = ""
    inverse: dict[str, Any] | None = None
    applied: bool = False
    applied_at: str | None = None
    read_back: str = ""
    undone: bool = False
    undo_reason: str = ""


class Verification(_Model):
    """The same probe before and after: `before` and `after` are flat statistics, `effect` the ratio of medians with `ci`."""

    probe: str
    metric: str
    expectation: str
    before: dict[str, Any]
    after: dict[str, Any]
    effect: float | None
    ci: list[float | None]
    p_value: float | None
    decision: Literal["improved", "no_change", "worse", "inconclusive"]
    expectation_holds: Literal["yes", "no", "unclear"]
    guards: list[dict[str, Any]] = Field(default_factory=list)
    passed: bool
    why: str
    method: str


class IncidentDocument(_Model):
    """The content of incident.json; also what `runbook run --json` prints."""

    schema_: str = Field(default=SCHEMA, alias="schema")
    id: str
    runbook: str
    title: str = ""
    profile: str
    parameters: dict[str, Any] = Field(default_factory=dict)
    verdict: Verdict
    summary: str = ""
    cause: Cause | None = None
    other: str | None = None
    next_runbook: str | None = None
    fix: FixRecord | None = None
    steps: list[Step]
    verification: Verification | None = None
    systems: dict[str, str] = Field(default_factory=dict)
    follow_ups: list[str] = Field(default_factory=list)
    footprint: dict[str, Any] = Field(default_factory=dict)
    broken: str | None = None
    started_at: str
    finished_at: str | None = None
    evidence_head: str

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    @property
    def exit_code(self) -> int:
        """The process exit code that says the same as the verdict."""
        return 4 if self.broken else EXIT_CODES[self.verdict]

    def to_json(self) -> str:
        """Return the document as indented JSON."""
        return self.model_dump_json(by_alias=True, indent=2)
