"""How many requests end because their function's process did."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.http.answers import judged_answers
from helpers.http.connect import parse_endpoint
from helpers.http.probes.platform_timeouts import LONGEST_S

__all__ = ["PlatformCrashes", "crash_code"]


def crash_code(headers: dict[str, str]) -> str:
    """Return the platform's code when a function gave no answer since it crashed; else empty. Pure. Source: Vercel documentation, error codes."""
    code = headers.get("x-vercel-error", "")
    return code if code.endswith("_INVOCATION_FAILED") else ""


@dataclass(frozen=True)
class PlatformCrashes(Probe):
    """Requests of `endpoint`, one after the other, that end with the platform's code of a crash. Empty: the probe does not apply."""

    endpoint: str
    samples: int = 8
    concurrency: int = 1

    needs: ClassVar[str] = "api"
    sequential: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.endpoint:
            parse_endpoint(self.endpoint)

    @property
    def name(self) -> str:
        """What is counted."""
        return f"crashes at {self.endpoint}"

    @property
    def applies(self) -> bool:
        """Whether an endpoint was given."""
        return bool(self.endpoint)

    def shorter(self) -> PlatformCrashes:
        """Return the same probe with some requests at once: each of them may hang."""
        return replace(self, concurrency=4)

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per request, in ms, `ok` False when the process ended. Raises Unreachable when nothing answers."""
        return await judged_answers(
            sessions["api"], self.endpoint, lambda reading: crash_code(dict(reading.headers)),
            samples=self.samples, concurrency=self.concurrency, timeout_s=LONGEST_S,
        )  # fmt: skip
