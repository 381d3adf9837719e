"""How often work fails that no request waited for, as the application's own log says."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.errors import ParameterError
from helpers.logs.connect import LogFiles

__all__ = ["DETACHED", "FailuresAfterAnswers"]

SLICES = 8
# Node.js and Next.js; Python's asyncio
DETACHED = "unhandled ?(promise)? ?rejection|exception was never retrieved"
_SQL = """
    select epoch(timestamp at time zone 'UTC' - $began) as at_s from entries
    where timestamp at time zone 'UTC' >= $began and regexp_matches(body, $words, 'i') limit 10000
"""


@dataclass(frozen=True)
class FailuresAfterAnswers(Probe):
    """Failures of work that nobody waits for, counted in 8 slices of `window_s` seconds of live traffic; no load of its own.

    Source: Node.js documentation, unhandledRejection; Python documentation, asyncio, "Detect never-retrieved exceptions".
    """

    window_s: float = 12.0

    needs: ClassVar[str] = "logs"
    metric: ClassVar[str] = "count"
    passive: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not self.window_s > 0:
            raise ParameterError("failures_after_answers needs a window of more than 0 s.")

    @property
    def name(self) -> str:
        """What is counted."""
        return "failures of work that nobody waits for"

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per slice. Raises SystemProblem when the logs cannot be read."""
        logs: LogFiles = sessions["logs"]
        began = datetime.now(UTC)
        await asyncio.sleep(self.window_s)
        parameters = {"began": began.replace(tzinfo=None), "words": DETACHED}
        rows = await logs.ask(lambda entries: entries.rows(_SQL, parameters), began)
        each = self.window_s / SLICES
        counts = [0] * SLICES
        for (at_s,) in rows:
            counts[min(max(int(at_s / each), 0), SLICES - 1)] += 1
        return [Sample(float(count), (number + 1) * each) for number, count in enumerate(counts)]
