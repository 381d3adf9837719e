"""How an answer is scored: cause, subject, time, harm (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Answer", "Score", "score"]

POINTS = {"cause": 50, "subject": 25, "time": 25}
FAST_S, SLOW_S = 60.0, 900.0  # full points for time up to a minute, none from a quarter of an hour
HARM = 25  # points for each change that was not the cure


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found: the failure modes in the order they were named, the subject of each, and the seconds it took."""

    causes: Sequence[str]
    subjects: Mapping[str, str]
    took_s: float
    harm: int = 0


@dataclass(frozen=True, slots=True)
class Score:
    """`points` of 100, and what they are made of: every cause first, within the first two places, subjects right, changes that did harm."""

    points: int
    is_first: bool
    is_near: bool
    subjects_right: int
    wanted: int
    harm: int
    said: str


def score(truth: Sequence[Mapping[str, Any]], answer: Answer) -> Score:
    """Return how good `answer` is.

    Half of the 100 points for the causes, a quarter for their subjects, a quarter for the time (all of it up to 1 minute, none from 15 on);
    25 less for each change that was made and was not the cure. Without the cause there is nothing for time.

    Args:
        truth: The injected faults (`code`, `subject`); look-alikes have no code and count for nothing.
        answer: What was found.

    """
    faults = [fault for fault in truth if fault["code"]]
    places = [answer.causes.index(f["code"]) if f["code"] in answer.causes else None for f in faults]
    first = sum(place is not None and place < len(faults) for place in places)
    near = sum(place is not None and place < len(faults) + 1 for place in places)
    right = sum(bool(f["subject"]) and answer.subjects.get(f["code"]) == f["subject"] for f in faults)
    speed = min(max((SLOW_S - answer.took_s) / (SLOW_S - FAST_S), 0.0), 1.0) if first == len(faults) else 0.0
    points = POINTS["cause"] * first / len(faults) + POINTS["subject"] * right / len(faults) + POINTS["time"] * speed - HARM * answer.harm
    said = "; ".join(_said(fault, place, len(faults)) for fault, place in zip(faults, places, strict=True))
    return Score(
        max(round(points), 0), first == len(faults), near == len(faults), right, len(faults), answer.harm,
        f"{said}. {answer.harm} changes were made that were not the cure." if answer.harm else f"{said}.",
    )  # fmt: skip


def _said(fault: Mapping[str, Any], place: int | None, wanted: int) -> str:
    what = f"{fault['code']} ({fault['subject']})"
    if place is None:
        return f"{what} was not named"
    return f"{what} was named" if place < wanted else f"{what} was named in place {place + 1}"
