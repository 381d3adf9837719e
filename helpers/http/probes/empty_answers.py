"""How many answers are a 500 that says nothing: no body, no type, no code of the platform.

Clients that read JSON fail a second time on it. Requests are safe ones, one after the other, each on a fresh connection.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.http.answers import judged_answers
from helpers.http.connect import Reading, parse_endpoint

__all__ = ["EmptyAnswers", "is_empty_error"]


def is_empty_error(reading: Reading) -> bool:
    """Return whether an answer is an error of the application that tells nothing. Pure. Source: FAULTS.md B1."""
    return reading.status >= 500 and not reading.body.strip() and "x-vercel-error" not in reading.headers


@dataclass(frozen=True)
class EmptyAnswers(Probe):
    """Empty errors of `endpoint` over `samples` requests; empty: the probe does not apply."""

    endpoint: str
    samples: int = 20
    timeout_s: float = 10.0
    concurrency: int = 1

    needs: ClassVar[str] = "api"
    sequential: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.endpoint:
            parse_endpoint(self.endpoint)

    @property
    def name(self) -> str:
        """What is counted."""
        return f"errors of {self.endpoint} that say nothing"

    @property
    def applies(self) -> bool:
        """Whether an endpoint was given."""
        return bool(self.endpoint)

    def shorter(self) -> EmptyAnswers:
        """Return the same probe with at most 8 samples, some at once: each of them may hang."""
        return replace(self, samples=min(self.samples, 8), concurrency=4)

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per request, in ms, `ok` False for an empty error. Raises Unreachable when nothing answers."""
        return await judged_answers(
            sessions["api"], self.endpoint, lambda reading: "a 500 without a body" if is_empty_error(reading) else "",
            samples=self.samples, concurrency=self.concurrency, timeout_s=self.timeout_s,
        )  # fmt: skip
