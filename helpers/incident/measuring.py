"""Step 1, and every later measurement: the same probe, enough samples, kept as parquet."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from helpers.contracts import Probe, Sample
from helpers.errors import ProfileError, SystemProblem, TimedOut
from helpers.incident.lending import lent_now
from helpers.incident.samples import keep_table
from helpers.incident.views import StepView
from helpers.statistics import Expectation, Holds, quantity, summarise

if TYPE_CHECKING:
    from helpers.incident.document import StepName
    from helpers.incident.loop import Incident

__all__ = ["NO_PROBE", "ROUNDS", "load", "measure", "reproduce"]

ROUNDS = 3  # an unclear answer is measured again, at most this often in all
PROBE_S = 180.0
NO_PROBE = "No probe can be asked"


async def reproduce(incident: Incident, probes: Sequence[Probe], expect: str) -> StepView:
    """See Incident.reproduce."""
    profile = incident.systems.profile
    probe = next((p for p in probes if p.applies and profile.has(p.needs)), None)
    if probe is None:
        reason = f"{NO_PROBE}: " + "; ".join(f"{p.name or type(p).__name__} needs {p.needs}" for p in probes)
        asked = any(profile.has(p.needs) for p in probes)  # the system is there: it is a parameter that was not given
        incident.record("probe_lost", {"probe": "", "reason": reason, "lost": not asked}, step="reproduce")
        return incident.finish("reproduce", "unknown", reason)
    for other in (p for p in probes[: probes.index(probe)] if p.applies):
        incident.record("note", {"text": f"{other.name} was not measured: the profile has no {other.needs}."}, step="reproduce")
    if lent_now() is not None:  # a short look: where few samples do not decide, more are taken
        probe = probe.shorter()
    expectation = Expectation.parse(expect, probe.metric)
    try:
        samples = await _until_clear(incident, probe, expectation)
    except SystemProblem as problem:
        lost = await incident.is_lost(probe.needs)
        incident.record("probe_lost", {"probe": probe.name, "reason": str(problem), "lost": lost}, step="reproduce")
        return incident.finish("reproduce", "unknown", str(problem))
    if not incident.story.intent:  # once a fix is in place, the baseline stays what it was before
        incident.probe, incident.expectation, incident.baseline = probe, expectation, samples
    return _judged(incident, expectation, samples, probe)


async def _until_clear(incident: Incident, probe: Probe, expectation: Expectation) -> list[Sample]:
    samples: list[Sample] = []
    for _ in range(ROUNDS):
        samples += await measure(incident, probe, step="reproduce", round_="before", after=len(samples))
        if expectation.judge(summarise(samples))[0] is not Holds.UNCLEAR:
            break
    return samples


async def measure(incident: Incident, probe: Probe, *, step: StepName, round_: Literal["before", "after"], after: int = 0) -> list[Sample]:
    """Take one set of samples, beside `after` that were taken before, and record it. Raises SystemProblem when the probe's system cannot be asked."""
    await _session(incident, probe)
    try:
        async with asyncio.timeout(PROBE_S):
            samples = await _taken(incident, probe, after)
    except TimeoutError:
        raise TimedOut(probe.needs, f"The probe {probe.name} did not end within {PROBE_S:.0f} s.") from None
    rows = [{"value": s.value, "at_s": s.at_s, "ok": s.ok, "error": s.error} for s in samples]
    data = {
        "probe": probe.name, "needs": probe.needs, "metric": probe.metric, "settings": probe.settings(), "round": round_,
        "summary": summarise(samples).to_json(probe.metric), "table": keep_table(incident.folder, round_, rows),
    }  # fmt: skip
    incident.record("measured", data, step=step)
    return samples


async def _taken(incident: Incident, probe: Probe, after: int) -> list[Sample]:
    """Measure; what makes load does so by turns, and what a like one has measured for another walk of this triage is not measured again."""
    sessions = incident.systems.sessions
    if probe.passive or probe.sequential:
        return await probe.measure(sessions)
    async with incident.systems.turn(probe.needs):
        loan = lent_now()
        if loan is None:
            return await probe.measure(sessions)
        samples = loan.taken.find(probe, after)
        if samples is None:
            samples = await probe.measure(sessions)
            loan.taken.keep(probe, after, samples)
        return list(samples)


async def _session(incident: Incident, probe: Probe) -> None:
    try:
        await incident.systems.get(probe.needs)
    except ProfileError as missing:
        raise SystemProblem(probe.needs, missing.reason, remedy=missing.remedy) from missing
    for system in probe.also:
        with suppress(ProfileError, SystemProblem):
            await incident.systems.get(system)


def _judged(incident: Incident, expectation: Expectation, samples: list[Sample], probe: Probe) -> StepView:
    summary = summarise(samples)
    holds, value = expectation.judge(summary)
    said = {Holds.NO: "reproduced", Holds.YES: "not reproduced", Holds.UNCLEAR: "not decided"}[holds]
    incident.record("judged", {"expectation": str(expectation), "value": value, "holds": str(holds)}, step="reproduce")
    text = f"{probe.name}: {expectation.statistic} is {quantity(value, expectation.unit)} over {summary.n} samples, expected {expectation}: {said}."
    return incident.finish("reproduce", "done" if holds is not Holds.UNCLEAR else "unknown", text)


async def load(incident: Incident) -> int:
    """See Incident.load."""
    if incident.probe is None:
        return 0
    await _session(incident, incident.probe)
    samples = await incident.probe.shorter().measure(incident.systems.sessions)
    return 0 if incident.probe.passive else len(samples)
