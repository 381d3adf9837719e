"""Look at the systems of a profile by hand: the checks and probes of the runbooks, without an incident and without evidence.

For exploration in a notebook; the sessions are the same read-only ones.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from helpers.contracts import Probe, Sample
from helpers.errors import ProfileError, SystemProblem, TimedOut
from helpers.escaping import html_table, visible
from helpers.incident.loop import asks
from helpers.incident.patience import patient
from helpers.incident.systems import Systems
from helpers.redaction import redact
from helpers.results import CheckResult, Status
from helpers.settings import load_profile
from helpers.statistics import Summary, quantity, summarise

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Look", "Samples", "look"]

PROBE_S = 180.0


@dataclass(frozen=True, slots=True)
class Samples:
    """What a probe measured, in its unit (`metric`)."""

    probe: str
    metric: str
    samples: tuple[Sample, ...]

    @property
    def summary(self) -> Summary:
        """The statistics, with 95 % intervals."""
        return summarise(self.samples)

    def frame(self) -> pd.DataFrame:
        """Return one row per call: value, at_s, ok, error."""
        import pandas as pd

        columns = ("value", "at_s", "ok", "error")
        return pd.DataFrame([[getattr(s, name) for name in columns] for s in self.samples], columns=list(columns))

    def __repr__(self) -> str:
        summary = self.summary
        numbers = [f"{name} {quantity(point, self.metric)}" for name, (_, point, _) in summary.quantiles.items() if name in ("p50", "p95")]
        failed = [f"{summary.errors} failed"] if summary.errors else []
        return redact(visible(f"{self.probe}: " + ", ".join([f"{summary.n} calls", *numbers, *failed])))


class Look:
    """Open eyes on one profile; made by `look`."""

    def __init__(self, systems: Systems, answers: dict[str, tuple[bool, str]]) -> None:
        self.systems = systems
        self.answers = answers

    async def ask(self, check: Callable[..., Awaitable[Any]], *, timeout_s: float = 90.0, **arguments: Any) -> Any:
        """Return what one read-only check says; UNKNOWN or SKIPPED with the reason when its system cannot be asked.

        Args:
            check: An async function whose first parameter is the session of the system it asks.
            timeout_s: Seconds after which the answer is UNKNOWN; a plain check's questions have two seconds together.
            arguments: The check's own.
        """
        system = asks(check)
        try:
            session = await self.systems.get(system)
            async with asyncio.timeout(timeout_s):
                with patient(session, check, arguments):
                    return await check(session, **arguments)
        except ProfileError as missing:
            return CheckResult(Status.SKIPPED, reason=missing.reason, remedy=missing.remedy)
        except SystemProblem as problem:
            return CheckResult(Status.UNKNOWN, reason=problem.reason, remedy=problem.remedy)
        except TimeoutError:
            return CheckResult(Status.UNKNOWN, reason=f"{system} gave no answer within {timeout_s:.0f} s.")

    async def measure(self, probe: Probe, *, timeout_s: float = PROBE_S) -> Samples:
        """Return a probe's samples, warm-up excluded.

        Args:
            probe: What to measure.
            timeout_s: Seconds the whole measurement may take.

        Raises:
            ProfileError: the profile lacks the probe's system.
            SystemProblem: it cannot be asked, or not in time.

        """
        await self.systems.get(probe.needs)
        try:
            async with asyncio.timeout(timeout_s):
                return Samples(probe.name, probe.metric, tuple(await probe.measure(self.systems.sessions)))
        except TimeoutError:
            raise TimedOut(probe.needs, f"The probe {probe.name} did not end within {timeout_s:.0f} s.") from None

    async def close(self) -> None:
        """Close every session; never raises."""
        await self.systems.close()

    def __repr__(self) -> str:
        return redact(visible("\n".join(f"{name}: {answer}" for name, (_, answer) in self.answers.items())))

    def _repr_html_(self) -> str:
        silent = [name for name, (answered, _) in self.answers.items() if not answered]
        said = f"No answer from {', '.join(silent)}." if silent else "Every system of the profile answers."
        rows = [{"system": name, "answer": answer} for name, (_, answer) in self.answers.items()]
        return redact(html_table("UNKNOWN" if silent else "OK", [f"{self.systems.profile.name}: {said}"], rows))


async def look(profile: str) -> Look:
    """Return eyes on `profile`, every system of it pinged; read-only, nothing is recorded.

    Raises:
        ProfileError: no such profile, or a reference in it points at nothing.

    """
    from helpers.incident.kernel import redact_outputs

    redact_outputs()
    systems = Systems(await load_profile(profile), f"runbook:look-{os.getpid()}")
    return Look(systems, await systems.ping_all())
