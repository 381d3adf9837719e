"""Whether an endpoint answers without error: a guard for what a fix must not break.

A few requests, one after the other, each on a fresh connection; an HTTP 5xx, a refused connection and a time-out are errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.http.connect import parse_endpoint
from helpers.http.sampling import sample_requests

__all__ = ["Errors"]


@dataclass(frozen=True)
class Errors(Probe):
    """Errors of `endpoint` over `samples` requests; empty: the probe does not apply."""

    endpoint: str
    samples: int = 20
    timeout_s: float = 10.0

    needs: ClassVar[str] = "api"
    sequential: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.endpoint:
            parse_endpoint(self.endpoint)

    @property
    def name(self) -> str:
        """What is counted."""
        return f"errors of {self.endpoint}"

    @property
    def applies(self) -> bool:
        """Whether an endpoint was given."""
        return bool(self.endpoint)

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per request, in ms, `ok` False for an error. Raises Unreachable when no connection is accepted."""
        method, path = parse_endpoint(self.endpoint)
        return await sample_requests(
            sessions["api"],
            method,
            path,
            samples=self.samples,
            concurrency=1,
            timeout_s=self.timeout_s,
            warmup=0,
            budget_s=60.0,
            fresh=True,
        )
