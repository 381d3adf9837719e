"""From what is known of environment variables to a diagnosis. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from helpers.results import CheckResult, Diagnosis, Status
from helpers.variables.findings import Finding, findings
from helpers.variables.setting import Known, seen

__all__ = ["CODE", "decisive", "judge", "words"]

CODE = "env_drift"
Result = CheckResult[Any] | Diagnosis


def words(text: str) -> tuple[str, ...]:
    """Return the names in `A, B C`."""
    return tuple(dict.fromkeys(text.replace(",", " ").split()))


def decisive(*answers: Result) -> Result:
    """Return the first answer that is a diagnosis; where no source could be asked for one, the last answer, which says why."""
    return next((one for one in answers if isinstance(one, Diagnosis)), answers[-1])


def judge(known: Known, *, fix: str) -> Diagnosis:
    """Return what the rows add up to.

    Args:
        known: The rows of every source that could be asked.
        fix: The proposal's name.

    Returns:
        PROBLEM with the worst certain finding as subject; UNKNOWN with doubts alone, or where a source is missing without which nothing is
        proven; OK when the platform and the code are both known and agree.
    """
    found = findings(known)
    sure = [one for one in found if one.certain]
    facts: dict[str, Any] = {"certain": len(sure), "doubtful": len(found) - len(sure), "kinds": dict(Counter(one.kind for one in found))}
    if sure:
        return _named(sure, found[len(sure) :], known, facts, fix)
    lacking = _lacking(known)
    doubts = "; ".join(one.subject for one in found[:4])
    if found:
        return Diagnosis(Status.UNKNOWN, summary=f"Cannot be told apart from what is meant: {doubts}. {lacking}".strip(), facts=facts)
    if lacking:
        return Diagnosis(Status.UNKNOWN, summary=f"Nothing is wrong with what could be seen. {lacking}", facts=facts)
    return Diagnosis(Status.OK, summary=f"What {' and '.join(known.environments)} have is what the code reads.", facts=facts)


def _lacking(known: Known) -> str:
    told = []
    if not seen(known):
        told.append("What is set is not known: name the project as the profile's `vercel`, or `vercel env pull` each environment.")
    if known.reads is None:
        told.append("What the code reads is not known: name the checkout as the profile's `code`.")
    return " ".join(told)


def _named(sure: Sequence[Finding], doubts: Sequence[Finding], known: Known, facts: dict[str, Any], fix: str) -> Diagnosis:
    worst, *others = sure
    read = f" The code reads it at {worst.where}." if worst.where and worst.kind != "in_history" else ""
    because = [f"{worst.subject}.{read}", *(f"{one.subject}." for one in others[:5])]
    because += [f"Found at {worst.where}."] if worst.kind == "in_history" else []
    because += [f"The deployment that serves production was made {known.live_at}."] if worst.kind == "not_deployed" else []
    more = f" {len(others)} more of {len({one.variable for one in others})} variables." if others else ""
    target = {
        "variable": worst.variable,
        "kind": worst.kind,
        "environments": worst.environments or list(known.environments),
        "other": worst.other,
    }
    against = [f"Not decided: {one.subject}." for one in doubts[:3]]
    return Diagnosis(Status.PROBLEM, CODE, worst.subject, f"{worst.subject}.{more}", target, because, against, facts, fix=fix)
