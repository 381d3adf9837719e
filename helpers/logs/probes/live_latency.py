"""How long the requests of a route take in live traffic, as the application's own log says; no load of its own.

For what a probe may not repeat: a POST, a page behind a login, traffic that only others make.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.errors import ParameterError
from helpers.logs.connect import LogFiles

__all__ = ["LiveLatency"]

MOST = 5000  # samples: more add nothing to a percentile, and are kept as evidence
_SQL = Path(__file__).with_suffix(".sql")


@dataclass(frozen=True)
class LiveLatency(Probe):
    """Duration in ms of each request that ended within the window; an answer of 500 or more is a failed one.

    Args:
        route: `POST /orders/{order_id}/pay`, or without the method; empty: all requests.
        window_s: Seconds of traffic that are watched.

    """

    route: str = ""
    window_s: float = 10.0

    needs: ClassVar[str] = "logs"
    passive: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.window_s <= 0:
            raise ParameterError("live_latency needs a window of more than 0 s.")

    @property
    def name(self) -> str:
        """Whose requests."""
        return f"{self.route or 'all routes'}, live traffic"

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return the samples in ms, none when nobody asked. Raises SystemProblem when the logs cannot be read."""
        rows = await self.watched(sessions)
        return [Sample(float(ms), float(at), status < 500, f"HTTP {status}" if status >= 500 else "") for ms, at, status in rows]

    async def watched(self, sessions: Sessions) -> list[tuple[Any, ...]]:
        """Return duration in ms, second of the window and status of each request that ends while it is watched."""
        logs: LogFiles = sessions["logs"]
        began = datetime.now(UTC)
        await asyncio.sleep(self.window_s)
        method, _, path = self.route.strip().rpartition(" ")
        parameters = {"began": began.replace(tzinfo=None), "method": method.upper(), "route": path, "most": MOST}
        sql = _SQL.read_text(encoding="utf-8")
        return await logs.ask(lambda entries: entries.rows(sql, parameters), began)
