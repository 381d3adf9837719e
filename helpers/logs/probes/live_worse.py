"""How many requests of live traffic fail or are slow, as the application's own log says; no load of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from helpers.contracts import Sample, Sessions
from helpers.errors import ParameterError
from helpers.logs.probes.live_latency import LiveLatency

__all__ = ["LiveWorse"]


@dataclass(frozen=True)
class LiveWorse(LiveLatency):
    """Duration in ms of each request that ended within the window; one of 500 or above, or slower than `slow_ms`, is a failed one.

    Args:
        route: `GET /orders/{order_id}`, or without the method; empty: all requests.
        window_s: Seconds of traffic that are watched.
        slow_ms: What users need not wait for, in ms.

    """

    slow_ms: float = 500.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.slow_ms <= 0:
            raise ParameterError("live_worse needs a limit of more than 0 ms.")

    @property
    def name(self) -> str:
        """Whose requests."""
        return f"failed or slower than {self.slow_ms:g} ms, {self.route or 'all routes'}, live traffic"

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return the samples in ms, none when nobody asked. Raises SystemProblem when the logs cannot be read."""
        found = await super().measure(sessions)
        return [replace(one, ok=False, error="slow") if one.ok and one.value > self.slow_ms else one for one in found]
