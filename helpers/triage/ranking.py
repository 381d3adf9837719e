"""Rank what the walks found: causes that are named, the surest first, what follows from them below them (pure)."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.triage.finding import Finding, State

__all__ = ["Ranked", "rank"]

WEIGHT = {State.CAUSE: 100, State.SUSPECTED: 20, State.SYMPTOM: 2, State.OPEN: 1}
DOUBT = 1  # a cause that something speaks against comes after one of which that is not so
FAILURES = 1  # a symptom of requests that fail, not only wait
VOTE = 10  # another runbook's diagnosis names it


@dataclass(frozen=True, slots=True)
class Ranked:
    """One failure mode that may be what is wrong; `command` is what to type next.

    `rank` counts causes from 1; a consequence has the rank of what it follows from, and names it in `follows_from`.
    """

    rank: int
    runbook: str
    subject: str
    state: str
    summary: str
    because: Sequence[str]
    against: Sequence[str]
    follows_from: str
    command: str
    score: int


def rank(findings: Sequence[Finding], profile: str, *, triage: str = "", order: Sequence[str] = ()) -> list[Ranked]:
    """Return what may be wrong, the first row first to be looked into; empty where nothing was found.

    A cause that its own runbook names weighs 100, one that a short look does not prove 20, and each other runbook that names it 10 more. A
    runbook whose symptom is explained by another's cause is listed under that cause. Symptoms without a cause come last: requests
    that fail, then those that wait, then numbers that no user feels yet.

    Args:
        findings: What the walks found.
        profile: For the command.
        triage: The triage's id, for the command: what it read is handed over.
        order: Runbooks by area, for equal scores.

    """
    by_name = {finding.runbook: finding for finding in findings}
    votes = [f for f in findings if f.state is State.OTHER and f.other in by_name]
    scores = {
        f.runbook: -DOUBT * bool(f.state is State.CAUSE and f.against)
        + WEIGHT.get(f.state, 0)
        + FAILURES * (f.state is State.SYMPTOM and f.unit == "%")
        for f in findings
    }
    for vote in votes:
        scores[vote.other] += VOTE
    heads = [f for f in findings if scores[f.runbook] > 0 and f.state is not State.OTHER]
    heads += [by_name[name] for name in dict.fromkeys(v.other for v in votes) if by_name[name] not in heads]
    heads.sort(key=lambda f: (-scores[f.runbook], list(order).index(f.runbook) if f.runbook in order else 0))
    rows: list[Ranked] = []
    for number, head in enumerate(heads, start=1):
        below = [v for v in votes if v.other == head.runbook and v not in heads]
        rows.append(_row(number, head, below, (profile, triage), scores[head.runbook]))
        rows += [_row(number, v, [], (profile, triage), scores.get(v.runbook, 0), follows_from=head.runbook) for v in below]
    return rows


def _row(number: int, found: Finding, named_by: Sequence[Finding], whose: tuple[str, str], score: int, follows_from: str = "") -> Ranked:
    because = [*found.because, *(f"{v.runbook} names it: {v.summary}" for v in named_by)]
    said = found.summary if found.state not in (State.SOUND, State.UNASKED) or not named_by else named_by[0].summary
    return Ranked(
        number, found.runbook, found.subject, str(found.state), said, because, found.against, follows_from,
        command(found.runbook, *whose, found.given), score,
    )  # fmt: skip


def command(runbook: str, profile: str, triage: str, given: dict[str, Any]) -> str:
    """Return the exact next command, quoted for a shell."""
    words = ["runbook", "run", runbook, "--profile", profile, *(["--from", triage] if triage else [])]
    for name, value in given.items():
        words += ["-p", f"{name}={value}"]
    return shlex.join(words)
