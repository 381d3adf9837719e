"""How many variables are in drift, counted several times: every look asks the platform again, the checkout is read once.

Passive for the application: it is sent nothing. A look is two requests to the platform's API, which allows hundreds a minute.
"""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.errors import ParameterError
from helpers.variables.findings import findings
from helpers.variables.judging import words
from helpers.variables.setting import Known

__all__ = ["DriftGauge", "with_platform"]

LOOKS = 8  # the fewest samples a judgement takes


@dataclass(frozen=True)
class DriftGauge(Probe):
    """Variables with something certainly wrong in `environments`; `same` are names whose values must not differ between them."""

    environments: str = "production preview"
    same: str = ""
    every_s: float = 0.25

    metric: ClassVar[str] = "count"
    passive: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not words(self.environments) or self.every_s <= 0:
            raise ParameterError("drifting variables are counted in named environments, more than 0 s apart.")

    @property
    def name(self) -> str:
        """What is counted."""
        return f"variables in drift ({', '.join(words(self.environments))})"

    def known(self) -> Known:
        """Return what the parameters say, with no source yet."""
        return Known(environments=words(self.environments), same=words(self.same))

    @abstractmethod
    async def standing(self, sessions: Sessions) -> Known:
        """Return what does not change while it is measured. Raises SystemProblem."""

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per look. Raises SystemProblem when a source the profile has does not answer."""
        standing, started, samples = await self.standing(sessions), time.monotonic(), []
        for number in range(LOOKS):
            await asyncio.sleep(max(started + number * self.every_s - time.monotonic(), 0))
            known = await with_platform(standing, sessions.get("vercel"))
            count = len({one.variable for one in findings(known) if one.certain})
            samples.append(Sample(float(count), time.monotonic() - started))
        return samples


async def with_platform(known: Known, platform: Any) -> Known:
    """Return `known` with what the platform has now; without a session it stays as it is. Raises SystemProblem."""
    if platform is None:
        return known
    rows, project = await platform.variables(), await platform.described()
    return replace(known, platform=rows, live_at=project["live_at"])
