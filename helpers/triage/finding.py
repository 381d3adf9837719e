"""What the walk of one runbook found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

__all__ = ["FELT", "LATE", "Finding", "State"]

LATE = "Not answered in time."
FELT = ("ms", "%")  # units of what users feel: time and failures


class State(StrEnum):
    """How a walk ended.

    CAUSE: the symptom is there and its cause is named. OTHER: it is there, and another runbook's cause is named. SUSPECTED: a cause is named,
    and a short look does not prove the symptom. SYMPTOM: users feel it, without a cause. OPEN: a number is beyond
    its limit, and whether that does harm could not be told. SOUND: it is not there. UNASKED: that cannot be said.
    """

    CAUSE = "cause"
    OTHER = "other"
    SUSPECTED = "suspected"
    SYMPTOM = "symptom"
    OPEN = "open"
    SOUND = "sound"
    UNASKED = "unasked"


@dataclass(frozen=True, slots=True)
class Finding:
    """One runbook's answer in short.

    `subject` is the broken thing (CAUSE), `other` the failure mode it names instead (OTHER), `because` and `against` its evidence,
    `given` the parameters that are not the runbook's defaults, those the diagnosis found included, `missing` those it has to be told before
    it can look; `unit` what its symptom is measured in (`%` failures, ms); `took_s` seconds; `lost` whether a system did not answer.
    """

    runbook: str
    area: str
    title: str
    state: State
    summary: str
    subject: str = ""
    other: str = ""
    because: Sequence[str] = ()
    against: Sequence[str] = ()
    given: dict[str, Any] = field(default_factory=dict)
    unit: str = ""
    missing: Sequence[str] = ()
    took_s: float = 0.0
    lost: bool = False
