"""How long a route that asks no other system takes, while an endpoint is asked beside it.

What it waits for is the process: its event loop, its CPU. A route that is slow because of a database, a pool or another service does not
make it wait. The samples are spread over time, on fresh connections, so that several worker processes are met by turns.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, replace
from typing import ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.errors import ParameterError
from helpers.http.connect import Api, parse_endpoint
from helpers.http.light import light_path
from helpers.http.sampling import sample_requests

__all__ = ["LightLatency"]


@dataclass(frozen=True)
class LightLatency(Probe):
    """Latency in ms of a light route; 60 samples bound a p95 with 95 % confidence (binomial order statistics).

    Args:
        endpoint: `GET /path?query`, asked over and over meanwhile; empty: others' traffic is load enough.
        light: Path of the light route; empty: a liveness route that answers, or a path that does not exist.
        samples: Requests measured.
        over_s: Seconds over which they are spread.
        beside: Requests of the endpoint under way at once.
        timeout_s: Seconds one request may take.

    """

    endpoint: str = ""
    light: str = ""
    samples: int = 60
    over_s: float = 10.0
    beside: int = 2
    timeout_s: float = 10.0

    needs: ClassVar[str] = "api"

    def __post_init__(self) -> None:
        for given in (self.endpoint, self.light):
            if given:
                parse_endpoint(given)
        if min(self.samples, self.beside) < 1 or min(self.timeout_s, self.over_s) <= 0:
            raise ParameterError("The probe needs samples and requests beside of at least 1, and positive times.")

    @property
    def name(self) -> str:
        """What is measured, and beside what."""
        light = self.light or "a light route"
        return f"{light} beside {self.endpoint}" if self.endpoint else light

    def shorter(self) -> LightLatency:
        """Return the same probe with at most 20 samples."""
        return replace(self, samples=min(self.samples, 20), over_s=min(self.over_s, 4.0))

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return the samples in ms. Raises Unreachable when no connection is accepted."""
        api: Api = sessions["api"]
        path = parse_endpoint(await light_path(api, self.light))[1]
        load = asyncio.ensure_future(self._load(api))
        try:
            return await sample_requests(
                api, "GET", path, samples=self.samples, concurrency=8, timeout_s=self.timeout_s,
                warmup=1, budget_s=4 * self.over_s + self.timeout_s, fresh=True, over_s=self.over_s,
            )  # fmt: skip
        finally:
            load.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await load

    async def _load(self, api: Api) -> None:
        """Ask the endpoint again as soon as it has answered, `beside` times at once."""
        if not self.endpoint:
            return
        method, path = parse_endpoint(self.endpoint)

        async def again() -> None:
            while True:
                await api.request(method, path, timeout_s=self.timeout_s)
                await asyncio.sleep(0.05)

        await asyncio.gather(*(again() for _ in range(self.beside)))
