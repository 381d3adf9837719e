"""What the log suggests as parameters: a GET that fails, and one that is slow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from helpers.incident.loop import Incident
from helpers.logs.checks.request_examples import request_examples
from helpers.results import Status
from helpers.runner.catalogue import RunbookInfo

__all__ = ["Leads", "learn"]

SINCE = "5m"


@dataclass(frozen=True, slots=True)
class Leads:
    """Examples from the log; `asked` is False where there is none to read, and then nothing follows from an empty example."""

    failing: str = ""
    slow: str = ""
    asked: bool = False
    said: str = ""
    since: str = SINCE

    def of(self, info: RunbookInfo) -> tuple[dict[str, Any], str]:
        """Return the parameters suggested for this runbook, and, where the log speaks against it already, the sentence that says so.

        A runbook that says which share of requests may fail (`allowed_pct`) is offered the failing one, one with a time (`slo_…`) the slow one.
        Whoever can watch live traffic (`window_s`) is offered nothing: what users send is better than one request that is sent again.
        """
        names = {p.name for p in info.parameters}
        if "endpoint" not in names or "window_s" in names:
            return {}, ""
        if "allowed_pct" in names and not names & {"truth", "field"}:
            sound = f"No GET failed in the last {self.since}, as the log says." if self.asked and not self.failing else ""
            return ({"endpoint": self.failing} if self.failing else {}), sound
        return ({"endpoint": self.slow} if self.slow and "slo_p95_ms" in names else {}), ""


async def learn(incident: Incident, *, since: str = SINCE) -> Leads:
    """Ask the profile's logs since then; empty leads where it has none, or they do not answer."""
    if not incident.systems.profile.has("logs"):
        return Leads(said="The profile has no logs: no request could be suggested to the runbooks.")
    result = await incident.check(request_examples, since=since, step="reproduce")
    if result.status in (Status.UNKNOWN, Status.SKIPPED):
        return Leads(said=getattr(result, "reason", ""))
    return Leads(result.facts["failing"], result.facts["slow"], asked=True, said=result.summary, since=since)
