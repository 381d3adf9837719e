"""How many requests the platform ends because their function took too long."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.http.answers import judged_answers
from helpers.http.connect import parse_endpoint

__all__ = ["PlatformTimeouts", "timeout_code"]

LONGEST_S = 320.0  # of a function by default, and a little. Source: Vercel documentation, Functions, duration


def timeout_code(headers: dict[str, str]) -> str:
    """Return the platform's code when it ended a function, a middleware or an edge function for its duration; else empty. Pure."""
    code = headers.get("x-vercel-error", "")
    return code if code.endswith("_INVOCATION_TIMEOUT") else ""


@dataclass(frozen=True)
class PlatformTimeouts(Probe):
    """Requests of `endpoint` that end with the platform's time-out; `samples` at once, since each may take as long as a function may.

    Empty: the probe does not apply.
    """

    endpoint: str
    samples: int = 12
    concurrency: int = 4

    needs: ClassVar[str] = "api"

    def __post_init__(self) -> None:
        if self.endpoint:
            parse_endpoint(self.endpoint)

    @property
    def name(self) -> str:
        """What is counted."""
        return f"time-outs of {self.endpoint}"

    @property
    def applies(self) -> bool:
        """Whether an endpoint was given."""
        return bool(self.endpoint)

    def shorter(self) -> PlatformTimeouts:
        """Return the same probe with at most 8 requests, all at once."""
        return replace(self, samples=min(self.samples, 8), concurrency=8)

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per request, in ms, `ok` False when the platform ended it. Raises Unreachable when nothing answers."""
        return await judged_answers(
            sessions["api"], self.endpoint, lambda reading: timeout_code(dict(reading.headers)),
            samples=self.samples, concurrency=self.concurrency, timeout_s=LONGEST_S,
        )  # fmt: skip
