"""Steps 4 and 5: preview, write the inverse, change, read back, verify by the same probe, undo what did not pass."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from helpers.contracts import Fix, FixPreview, Proposal
from helpers.errors import FixFailed, ParameterError, ProfileError, SystemProblem, TimedOut
from helpers.incident import guarding
from helpers.incident.measuring import ROUNDS, measure
from helpers.incident.views import StepView
from helpers.statistics import Comparison, Decision, Holds, compare, quantity, summarise

if TYPE_CHECKING:
    from helpers.incident.loop import Incident

__all__ = ["fix", "undo_now", "verify"]

UNDO_S = 300.0
NOTE_S = 4.0


Offered = Fix | Callable[..., Fix]


async def fix(incident: Incident, offered: Sequence[Offered], guards: Sequence[Any], timeout_s: float) -> StepView:
    """See Incident.fix."""
    refusal = _refusal(incident)
    if refusal:
        incident.record("fix_refused", {"reason": refusal}, step="fix")
        return incident.finish("fix", "skipped", refusal)
    made = _chosen(offered, incident.fix_named)
    try:
        wanted = made if isinstance(made, Fix) else made(**incident.target)
        session = await incident.systems.get(wanted.needs)
        async with asyncio.timeout(timeout_s):
            preview, server = await wanted.preview(session), await session.identity()
    except (ParameterError, ProfileError, FixFailed, SystemProblem, TimeoutError) as problem:
        return await _failed(incident, problem, "", "The preview took too long.")
    incident.record("fix_previewed", _as_record(wanted, preview), step="fix")
    for text in preview.advice:
        incident.record("follow_up", {"text": text}, step="fix")
    held_back = _held_back(incident, wanted, preview)
    if held_back:
        if isinstance(wanted, Proposal) and wanted.places and preview.needed and incident.apply:
            held_back = f"{held_back} {await _place(incident, wanted, preview, server)}"
        view = incident.finish("fix", "skipped" if preview.needed else "done", held_back)
        return replace(view, code=_as_code(wanted, preview))
    incident.guards = await guarding.before(incident, guards)
    return await _apply(incident, wanted, preview, server, timeout_s)


def _chosen(offered: Sequence[Offered], named: str) -> Offered:
    """Return the fix the diagnosis names; the only one when it names none. Raises ParameterError for a runbook's own mistake."""
    names = {one.name if isinstance(one, Fix) else getattr(one, "__module__", "").rpartition(".")[2]: one for one in offered}
    if not named and len(offered) == 1:
        return offered[0]
    if named not in names:
        raise ParameterError(
            f"The diagnosis names the fix {named or '(none)'}, the runbook offers {', '.join(names) or 'none'}.",
            remedy="Offer it: incident.fix(postgres.one, postgres.other).",
        )
    return names[named]


def _as_code(wanted: Fix, preview: FixPreview) -> str:
    if not wanted.applicable:
        return wanted.patch(preview)
    undo = ["-- undo:", *preview.undo_statements] if preview.undo_statements else []
    return "\n".join([*preview.statements, *(f"-- {effect}" for effect in preview.effects), *undo]) if preview.needed else ""


def _refusal(incident: Incident) -> str:
    if incident.story.intent:
        return "This incident's fix was applied already: a re-run changes nothing."
    if incident.story.cause is None:
        return "No fix without a reproduced symptom and a named cause."
    return ""


def _held_back(incident: Incident, wanted: Fix, preview: FixPreview) -> str:
    profile = incident.systems.profile
    if not preview.needed:
        return "Nothing to change: it already is as wanted."
    if not wanted.applicable:
        return "Proposed, not applied: it is a change to the code or its settings, which a person reviews and deploys."
    if not incident.apply:
        return "Previewed, not applied: a dry run."
    if profile.protected and incident.confirm != profile.name:
        return f"Previewed, not applied: the profile {profile.name} is protected; type its name as `confirm` (--confirm {profile.name})."
    return ""


def _as_record(wanted: Fix, preview: FixPreview) -> dict[str, Any]:
    return {
        "name": wanted.name, "needs": wanted.needs, "arguments": wanted.arguments(), "reversible": wanted.reversible, "applicable": wanted.applicable,
        "preview": list(preview.statements), "undo": list(preview.undo_statements), "effects": list(preview.effects),
        "patch": wanted.patch(preview),
    }  # fmt: skip


async def _place(incident: Incident, wanted: Proposal, preview: FixPreview, server: str) -> str:
    """Keep a proposal where a person takes it from; returns where, or why that could not be done."""
    incident.record("fix_intent", {"inverse": {**preview.inverse, "server": server}}, step="fix", durable=True)
    try:
        writer = await incident.systems.writer(wanted.needs)
        try:
            said = await wanted.place(writer, preview)
        finally:
            await writer.close()
    except (FixFailed, SystemProblem, TimeoutError) as problem:
        said = f"It could not be kept: {problem}"
    incident.record("follow_up", {"text": said}, step="fix")
    return said


async def _apply(incident: Incident, wanted: Fix, preview: FixPreview, server: str, timeout_s: float) -> StepView:
    incident.applied = wanted
    inverse = {**preview.inverse, "application_name": incident.systems.application_name, "server": server}
    incident.record("fix_intent", {"inverse": inverse}, step="fix", durable=True)
    started = time.perf_counter()
    try:
        writer = await incident.systems.writer(wanted.needs)
        try:
            async with asyncio.timeout(timeout_s):
                await wanted.told(_seldom(incident)).apply(writer, preview)
        finally:
            await writer.close()
        said = await wanted.read_back(await incident.systems.get(wanted.needs))
    except (FixFailed, SystemProblem, TimeoutError) as problem:
        view = await _failed(incident, problem, wanted.needs, f"The change took longer than {timeout_s:.0f} s.")
        await undo_now(incident, wanted, inverse, reason="the change failed", by="verification")
        return view
    incident.record("fix_applied", {"read_back": said, "ms": round((time.perf_counter() - started) * 1000, 1)}, step="fix", durable=True)
    return incident.finish("fix", "done", said)


def _seldom(incident: Incident) -> Callable[[str], None]:
    """Record what a long change tells, at most every NOTE_S seconds: evidence is for people too."""
    last = time.monotonic() - NOTE_S / 2

    def tell(text: str) -> None:
        nonlocal last
        if time.monotonic() - last >= NOTE_S:
            last = time.monotonic()
            incident.record("note", {"text": text}, step="fix")

    return tell


async def _failed(incident: Incident, problem: Exception, system: str, otherwise: str) -> StepView:
    reason = str(problem) or otherwise
    lost = system if system and await incident.is_lost(system) else ""
    incident.record("fix_failed", {"reason": reason, "lost": lost}, step="fix")
    return incident.finish("fix", "failed", reason)


async def undo_now(incident: Incident, wanted: Fix, inverse: dict[str, Any], *, reason: str, by: str) -> bool:
    """Undo a change and record it; False, with a follow-up, when the system does not let us."""
    if not wanted.reversible:
        incident.record("follow_up", {"text": f"{wanted.name} has no inverse: {reason}, and it stands."}, step="verify")
        return False
    try:
        writer = await incident.systems.writer(wanted.needs)
        try:
            async with asyncio.timeout(UNDO_S):
                await wanted.undo(writer, inverse)
        finally:
            await writer.close()
    except (FixFailed, SystemProblem, TimeoutError) as problem:
        incident.record("undo_failed", {"reason": str(problem) or "it took too long"}, step="verify")
        return False
    incident.record("undone", {"reason": reason, "by": by}, step="verify", durable=True)
    return True


async def verify(incident: Incident) -> StepView:
    """See Incident.verify."""
    applied = incident.story.fix
    if applied is None or not applied.applied or applied.undone or incident.probe is None:
        return incident.finish("verify", "skipped", "Nothing was applied, so there is nothing to verify.")
    try:
        after, comparison = await _measured_again(incident)
    except SystemProblem as problem:
        incident.record("probe_lost", {"probe": incident.probe.name, "reason": str(problem)}, step="verify")
        await _undo_applied(incident, f"the fix could not be verified: {problem.reason}")
        return incident.finish("verify", "unknown", str(problem))
    worse = await guarding.got_worse(incident, incident.guards)
    return await _decide(incident, after, comparison, worse)


async def _measured_again(incident: Incident) -> tuple[list[Any], Comparison]:
    """Measure until it is clear; twice as often where it is better for certain and only the expectation is not: a p95 needs samples."""
    probe, expectation = incident.probe, incident.expectation
    if probe is None or expectation is None:
        raise TimedOut("api", "There is no baseline.")
    samples: list[Any] = []
    for number in range(1, 2 * ROUNDS + 1):
        samples += await measure(incident, probe, step="verify", round_="after")
        comparison = compare(incident.baseline, samples)
        clear = expectation.judge(summarise(samples))[0] is not Holds.UNCLEAR
        decided = comparison.decision is not Decision.INCONCLUSIVE
        if decided and (clear or comparison.decision is not Decision.IMPROVED):
            break
        if number >= ROUNDS and not decided:
            break
    return samples, comparison


async def _decide(incident: Incident, after: list[Any], comparison: Comparison, worse: list[str]) -> StepView:
    probe, expectation = incident.probe, incident.expectation
    assert probe is not None  # noqa: S101 (verify checked)
    assert expectation is not None  # noqa: S101
    holds, value = expectation.judge(summarise(after))
    passed = comparison.decision is Decision.IMPROVED and holds is Holds.YES and not worse
    said = f"{expectation.statistic} is {quantity(value, expectation.unit)} (expected {expectation}); {comparison.why}."
    why = " ".join([said, *worse])
    data = {
        "probe": probe.name, "metric": probe.metric, "expectation": str(expectation),
        "before": summarise(incident.baseline).to_json(probe.metric), "after": summarise(after).to_json(probe.metric),
        "effect": comparison.ratio, "ci": list(comparison.ratio_ci), "p_value": comparison.p_value, "decision": str(comparison.decision),
        "expectation_holds": str(holds), "guards": guarding.rows(incident), "passed": passed, "why": why, "method": Comparison.METHOD,
    }  # fmt: skip
    incident.record("verified", data, step="verify", durable=True)
    if not passed and not _better_but_not_enough(comparison, worse):
        await _undo_applied(incident, f"not verified ({comparison.decision.replace('_', ' ')})" if not worse else "a guard got worse")
    return incident.finish("verify", "done" if passed else "failed", why)


def _better_but_not_enough(comparison: Comparison, worse: list[str]) -> bool:
    """A proven improvement that breaks nothing stays, even where the expectation needs more than it."""
    return comparison.decision is Decision.IMPROVED and not worse


async def _undo_applied(incident: Incident, reason: str) -> None:
    record = incident.story.fix
    if record is not None and record.inverse is not None and incident.applied is not None:
        await undo_now(incident, incident.applied, record.inverse, reason=reason, by="verification")
