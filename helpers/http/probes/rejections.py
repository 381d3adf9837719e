"""Whether a request is rejected as wrong (400, 422), by a few that follow each other."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.errors import Unreachable
from helpers.http.connect import Api, parse_endpoint

__all__ = ["Rejections"]


@dataclass(frozen=True)
class Rejections(Probe):
    """Time in ms of each of `samples` requests; a rejected one is a failed one. Without `request` the probe does not apply."""

    request: str
    samples: int = 20
    timeout_s: float = 10.0

    needs: ClassVar[str] = "api"
    sequential: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.request:
            parse_endpoint(self.request)

    @property
    def name(self) -> str:
        """What is counted."""
        return f"rejections of {self.request}"

    @property
    def applies(self) -> bool:
        """Whether a request was given."""
        return bool(self.request)

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per request. Raises Unreachable when no connection is accepted."""
        api: Api = sessions["api"]
        method, path = parse_endpoint(self.request)
        began, taken = time.perf_counter(), []
        for _ in range(self.samples):
            answer = await api.request(method, path, timeout_s=self.timeout_s, fresh=True)
            rejected = answer.status in (400, 422)
            at_s = time.perf_counter() - began
            taken.append(Sample(answer.elapsed_ms, at_s, not rejected, f"HTTP {answer.status}" if rejected else ""))
            if answer.error.endswith("ConnectError"):
                raise Unreachable("api", f"No connection to {api.base_url} was accepted.", remedy="Check the profile's api address.")
        return taken
