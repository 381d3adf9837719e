"""A number that processes told of themselves several times a second, read from their own log: how a full thread pool or a full connection pool is measured.

Passive: it makes no load. A subclass says which number, in a file of probes/.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any, ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.errors import BadAnswer, ParameterError
from helpers.logs.connect import LogFiles
from helpers.logs.runtime_lines import NONE, REMEDY, runtime_lines

__all__ = ["RuntimeGauge", "most_of_pools"]

LONGER_S = 7.0  # a process writes every 5 s by default: where the window held no line, one comes within that
FEWEST = 8  # samples that a judgement takes


@dataclass(frozen=True)
class RuntimeGauge(Probe):
    """One sample for each look that any process took within `window_s` seconds, in the unit `metric`."""

    window_s: float = 10.0

    needs: ClassVar[str] = "logs"
    metric: ClassVar[str] = "count"
    passive: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.window_s <= 0:
            raise ParameterError(f"{type(self).__name__} needs a window of more than 0 s.")

    @abstractmethod
    def numbers(self, line: dict[str, Any]) -> list[float]:
        """Return what one `runtime` line holds, one number a look."""

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return the samples, in no order of time across processes. Raises SystemProblem when no process writes such lines."""
        logs: LogFiles = sessions["logs"]
        began = datetime.now(UTC)
        await asyncio.sleep(self.window_s)
        samples = await self._since(logs, began)
        if len(samples) < FEWEST:
            await asyncio.sleep(LONGER_S)
            samples = await self._since(logs, began)
        if not samples:
            raise BadAnswer("logs", NONE, remedy=REMEDY)
        return samples

    async def _since(self, logs: LogFiles, began: datetime) -> list[Sample]:
        lines, _ = await runtime_lines(logs, "runtime", began.isoformat(), 60.0)
        return [Sample(number, float(at)) for at, line in enumerate(reversed(lines)) for number in self.numbers(line)]


def most_of_pools(line: dict[str, Any], pool: str, number: Callable[[str, dict[str, Any]], list[float]]) -> list[float]:
    """Return one number a look: the most over the pools, or that of the pool which is named.

    Args:
        line: A `runtime` line.
        pool: Name of a pool; empty: all.
        number: Given a pool's name and its looks, one number a look.

    """
    pools = (line.get("looks") or {}).get("pools") or {}
    found = [number(name, looks) for name, looks in pools.items() if pool in ("", name)]
    return [max(numbers) for numbers in zip_longest(*found, fillvalue=0.0)]
