"""How long one SELECT takes to answer.

The same statement, repeated one after the other on a session of its own. One that hangs, or waits for a lock, counts with its time-out:
a percentile must not be kind to what never came back.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.errors import ParameterError, TimedOut
from helpers.postgres.connect import Postgres
from helpers.redaction import mask_literals

__all__ = ["QueryLatency"]

MOST_ROWS = 100_000
SHORT_S = 4.0
HOPELESS = 10  # so many runs in a row that never end decide; more would only add to what holds them up


@dataclass(frozen=True)
class QueryLatency(Probe):
    """Latency of `query` in ms; 60 samples bound a p95 with 95 % confidence (binomial order statistics).

    Args:
        query: One SELECT; empty: the probe does not apply.
        samples: Runs measured; `warmup` more come first and are thrown away.
        timeout_s: Seconds one run may take.
        budget_s: Seconds after which no further run is begun.

    """

    query: str
    samples: int = 60
    timeout_s: float = 10.0
    warmup: int = 3
    budget_s: float = 60.0

    needs: ClassVar[str] = "postgres"

    def __post_init__(self) -> None:
        if self.samples < 1 or self.warmup < 0 or min(self.timeout_s, self.budget_s) <= 0:
            raise ParameterError("A query_latency probe needs at least 1 sample, and positive times in seconds.")

    @property
    def name(self) -> str:
        """The statement, its string values masked."""
        return mask_literals(self.query)

    @property
    def applies(self) -> bool:
        """Whether a query was given."""
        return bool(self.query.strip())

    def shorter(self) -> QueryLatency:
        """Return the same probe with at most 20 samples, none begun after 4 s."""
        return replace(self, samples=min(self.samples, 20), warmup=0, budget_s=min(self.budget_s, SHORT_S))

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return the samples in ms. Raises Refused or BadAnswer when the server will not run it, Unreachable when it is gone."""
        pg = await sessions["postgres"].sibling()
        try:
            started = time.perf_counter()
            samples: list[Sample] = []
            for number in range(self.warmup + self.samples):
                sample = await self._once(pg, started)
                if number >= self.warmup:
                    samples.append(sample)
                hopeless = len(samples) >= HOPELESS and not any(s.ok for s in samples)
                if hopeless or time.perf_counter() - started > self.budget_s:
                    break
            return samples or [sample]
        finally:
            await pg.close()

    async def _once(self, pg: Postgres, started: float) -> Sample:
        began = time.perf_counter()
        try:
            await pg.fetch(self.query, limit=MOST_ROWS, timeout_s=self.timeout_s)
        except TimedOut as problem:
            return Sample(self.timeout_s * 1000, began - started, ok=False, error=problem.reason)
        return Sample((time.perf_counter() - began) * 1000, began - started)

    def settings(self) -> dict[str, Any]:
        """Return how it measures, the statement's string values masked."""
        return {**asdict(self), "query": self.name}
