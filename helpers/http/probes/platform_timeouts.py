"""How many requests the platform ends because their function took too long."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.errors import Unreachable
from helpers.http.connect import Api, parse_endpoint

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

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per request, in ms, `ok` False when the platform ended it. Raises Unreachable when nothing answers."""
        api: Api = sessions["api"]
        _, path = parse_endpoint(self.endpoint)
        began, taken, left, answered = time.perf_counter(), [], iter(range(self.samples)), [0]

        async def work() -> None:
            for _ in left:
                started = time.perf_counter()
                reading = await api.read(path, timeout_s=LONGEST_S)
                ended, code = time.perf_counter(), timeout_code(dict(reading.headers))
                answered[0] += reading.status > 0
                taken.append(Sample((ended - started) * 1000, ended - began, not code, code))

        await asyncio.gather(*(work() for _ in range(self.concurrency)))
        if not answered[0]:
            raise Unreachable("api", f"{self.samples} requests of {path} got no answer.", remedy="Check the profile's api address.")
        return taken
