"""Guards: what the fix must not break, asked before the change and again by the verification."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from helpers.contracts import Probe
from helpers.errors import SystemProblem
from helpers.incident.measuring import measure
from helpers.results import Status
from helpers.statistics import Expectation, Holds, summarise

if TYPE_CHECKING:
    from helpers.incident.loop import Incident

__all__ = ["before", "got_worse", "rows"]

Guards = dict[str, tuple[Any, Status]]


async def before(incident: Incident, guards: Sequence[Any]) -> Guards:
    """Return each guard with its status before the change; one whose system the profile lacks is left out."""
    asked: Guards = {}
    for guard in guards:
        if isinstance(guard, Probe) and (not guard.applies or not incident.systems.profile.has(guard.needs)):
            continue
        asked[_name(guard)] = (guard, await _ask(incident, guard, "before"))
    return asked


async def got_worse(incident: Incident, guards: Guards) -> list[str]:
    """Return one sentence per guard that was not a PROBLEM before the change and is one, or cannot be asked any more, now."""
    sentences = []
    for name, (guard, was) in guards.items():
        now = await _ask(incident, guard, "after")
        if now != was and now in (Status.PROBLEM, Status.UNKNOWN) and was is Status.OK:
            sentences.append(f"The guard {name} was {was} before the fix and is {now} after it.")
    return sentences


def rows(incident: Incident) -> list[dict[str, Any]]:
    """Return the guards' statuses before the change, for the verification's record."""
    return [{"guard": name, "before": str(was)} for name, (_, was) in incident.guards.items()]


def _name(guard: Any) -> str:
    return guard.name if isinstance(guard, Probe) else str(getattr(guard, "__name__", guard))


async def _ask(incident: Incident, guard: Any, round_: str) -> Status:
    step = "fix" if round_ == "before" else "verify"
    if isinstance(guard, Probe):
        status, summary = await _ask_probe(incident, guard, round_)
    else:
        result = await incident.check(guard, step=step)
        status, summary = result.status, result.summary
    incident.record("guard", {"guard": _name(guard), "round": round_, "status": str(status), "summary": summary}, step=step)
    return status


async def _ask_probe(incident: Incident, guard: Probe, round_: str) -> tuple[Status, str]:
    """A probe as guard: OK while fewer than one call in a hundred fails."""
    try:
        before_fix = round_ == "before"
        samples = await measure(incident, guard, step="fix" if before_fix else "verify", round_="before" if before_fix else "after")
    except SystemProblem as problem:
        return Status.UNKNOWN, str(problem)
    summary = summarise(samples)
    holds, value = Expectation("error_pct", "<=", 1.0, "%").judge(summary)
    return (Status.PROBLEM if holds is Holds.NO else Status.OK), f"{value:.1f} % of {summary.n} calls failed"
