"""What the log suggests as parameters: GETs that fail, one that is slow, those that are slowest, those that a cache answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.incident.loop import Incident
from helpers.logs.checks.request_examples import request_examples
from helpers.results import Status
from helpers.runner.catalogue import RunbookInfo

__all__ = ["Leads", "learn"]

SINCE = "5m"
MOST_TRIED = 8  # routes that are tried one after the other, for a runbook that has to be told one


@dataclass(frozen=True, slots=True)
class Leads:
    """Examples from the log; `asked` is False where there is none to read, and then nothing follows from an empty example."""

    failing: tuple[str, ...] = ()
    slow: str = ""
    slowest: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    asked: bool = False
    said: str = ""
    since: str = SINCE

    def of(self, info: RunbookInfo) -> tuple[list[dict[str, Any]], str]:
        """Return the parameters suggested for this runbook, one set after the other to be tried until one shows its symptom.

        With them, where the log speaks against it already, the sentence that says so. A runbook that says which share of requests may fail
        (`allowed_pct`) is offered those that fail, one with a time (`slo_…`) the slow one. Whoever can watch live traffic (`window_s`) is
        offered nothing: what users send is better than one request that is sent again.
        """
        names = {p.name for p in info.parameters}
        if "endpoint" not in names or "window_s" in names:
            return [{}], ""
        if "allowed_pct" in names and not names & {"truth", "field"}:
            sound = f"No GET failed in the last {self.since}, as the log says." if self.asked and not self.failing else ""
            return [{"endpoint": failing} for failing in self.failing] or [{}], sound
        return [{"endpoint": self.slow} if self.slow and "slo_p95_ms" in names else {}], ""

    def is_vague(self, info: RunbookInfo) -> bool:
        """Whether the log names no request that fails for it: those it does are walked first."""
        return not any(lead.get("endpoint") in self.failing for lead in self.of(info)[0] if lead)

    def told(self, info: RunbookInfo, missing: Sequence[str]) -> list[dict[str, Any]]:
        """Return what to try next for a runbook that has to be told `missing`; empty where the log cannot tell.

        Whoever compares what two users get (`credentials_b`) is given what a cache answers first: only that can be another's.
        """
        if list(missing) != ["endpoint"]:
            return []
        first = self.kept if "credentials_b" in {p.name for p in info.parameters} else ()
        return [{"endpoint": endpoint} for endpoint in dict.fromkeys((*first, self.slow, *self.slowest)) if endpoint][:MOST_TRIED]


async def learn(incident: Incident, *, since: str = SINCE) -> Leads:
    """Ask the profile's logs since then; empty leads where it has none, or they do not answer."""
    if not incident.systems.profile.has("logs"):
        return Leads(said="The profile has no logs: no request could be suggested to the runbooks.")
    result = await incident.check(request_examples, since=since, step="reproduce")
    if result.status in (Status.UNKNOWN, Status.SKIPPED):
        return Leads(said=getattr(result, "reason", ""))
    facts = result.facts
    return Leads(
        tuple(facts["failing"]), facts["slow"], tuple(facts["slowest"][:MOST_TRIED]), tuple(facts["kept"]), True, result.summary, since
    )
