"""How many requests of live traffic are rejected as wrong (400, 422), as the application's own log says; no load of its own."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.contracts import Sample, Sessions
from helpers.logs.probes.live_latency import LiveLatency

__all__ = ["LiveRejections"]


@dataclass(frozen=True)
class LiveRejections(LiveLatency):
    """Each request of `route` (empty: all) that ended within `window_s` seconds; one that was rejected is a failed one."""

    @property
    def name(self) -> str:
        """Whose requests."""
        return f"rejections of {self.route or 'all routes'}, live traffic"

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return the samples in ms, none when nobody asked. Raises SystemProblem when the logs cannot be read."""
        taken = await self.watched(sessions)
        return [Sample(float(ms), float(at), s not in (400, 422), f"HTTP {s}" if s in (400, 422) else "") for ms, at, s in taken]
