"""How much work waits for a thread, in the processes of a Python API.

Handlers that are plain `def` run on a limited number of threads (40 by default). What waits for one holds nobody up but its own kind: routes
that are `async def` go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from helpers.logs.runtime_gauge import RuntimeGauge

__all__ = ["ThreadsWaiting"]


@dataclass(frozen=True)
class ThreadsWaiting(RuntimeGauge):
    """Requests that wait for a thread in one process."""

    @property
    def name(self) -> str:
        """What is counted."""
        return "requests that wait for a thread"

    def numbers(self, line: dict[str, Any]) -> list[float]:
        """Return the number at each look."""
        return [float(n) for n in (line.get("looks") or {}).get("threads_waiting") or ()]
