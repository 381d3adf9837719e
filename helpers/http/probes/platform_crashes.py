"""How many requests end because their function's process did."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.errors import Unreachable
from helpers.http.connect import Api, parse_endpoint
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

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per request, in ms, `ok` False when the process ended. Raises Unreachable when nothing answers."""
        api: Api = sessions["api"]
        _, path = parse_endpoint(self.endpoint)
        taken, began, answered = [], time.monotonic(), 0
        for _ in range(self.samples):
            started = time.perf_counter()
            reading = await api.read(path, timeout_s=LONGEST_S)
            answered += reading.status > 0
            code = crash_code(dict(reading.headers))
            taken.append(Sample((time.perf_counter() - started) * 1000, time.monotonic() - began, not code, code))
        if not answered:
            raise Unreachable("api", f"{self.samples} requests of {path} got no answer.", remedy="Check the profile's api address.")
        return taken
