"""How long one endpoint takes to answer.

The same request, repeated with bounded concurrency; a request that hangs counts with its time-out, an HTTP 5xx as an error.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.errors import ParameterError
from helpers.http.connect import parse_endpoint
from helpers.http.sampling import sample_requests

__all__ = ["Latency"]


@dataclass(frozen=True)
class Latency(Probe):
    """Latency of `endpoint` in ms; 60 samples bound a p95 with 95 % confidence (binomial order statistics).

    Args:
        endpoint: `GET /path?query`; empty: the probe does not apply.
        samples: Requests measured; `warmup` more are sent first and thrown away.
        concurrency: Requests under way at once, at most.
        timeout_s: Seconds one request may take.
        budget_s: Seconds after which no further request is sent.
        fresh: A new connection for each request.
        over_s: Seconds over which the samples are spread: what comes and goes is missed by requests that follow each other.

    """

    endpoint: str
    samples: int = 60
    concurrency: int = 2
    timeout_s: float = 10.0
    warmup: int = 5
    budget_s: float = 60.0
    fresh: bool = False
    over_s: float = 0.0

    needs: ClassVar[str] = "api"

    def __post_init__(self) -> None:
        if self.endpoint:
            parse_endpoint(self.endpoint)
        if min(self.samples, self.concurrency) < 1 or self.warmup < 0 or min(self.timeout_s, self.budget_s) <= 0:
            raise ParameterError("A latency probe needs samples and concurrency of at least 1, and positive times.")

    @property
    def name(self) -> str:
        """The endpoint itself."""
        return self.endpoint

    @property
    def applies(self) -> bool:
        """Whether an endpoint was given."""
        return bool(self.endpoint)

    def shorter(self) -> Latency:
        """Return the same probe with at most 20 samples."""
        return replace(self, samples=min(self.samples, 20), warmup=0)

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return the samples in ms. Raises Unreachable when no connection is accepted."""
        method, path = parse_endpoint(self.endpoint)
        return await sample_requests(
            sessions["api"], method, path, samples=self.samples, concurrency=self.concurrency,
            timeout_s=self.timeout_s, warmup=self.warmup, budget_s=self.budget_s, fresh=self.fresh,
            over_s=self.over_s,
        )  # fmt: skip
