"""How often one request sends one and the same statement.

Each round makes a few requests and reads pg_stat_statements before and after; what an idle time of the same length sends is taken off. The
number of the statement that was sent most often is the sample: about 1 where each query is sent once, as many as there are rows where a
query is sent for each of them.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.errors import ParameterError, Unreachable
from helpers.postgres.statements import Counter, StatementCounters, is_ours, moved

__all__ = ["StatementsPerRequest"]

IDLE_S = 1.5


@dataclass(frozen=True)
class StatementsPerRequest(Probe):
    """Calls of the statement that is sent most often, per request of `requests`; ten rounds bound a median with 95 % confidence.

    Args:
        requests: A probe that makes requests; each of its samples is one.
        rounds: How often it is measured.

    """

    requests: Probe
    rounds: int = 10

    needs: ClassVar[str] = "postgres"
    also: ClassVar[tuple[str, ...]] = ("api",)
    metric: ClassVar[str] = "count"

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise ParameterError("statements_per_request needs at least one round.")

    @property
    def name(self) -> str:
        """Of which requests."""
        return f"calls of one statement per request of {self.requests.name}"

    @property
    def applies(self) -> bool:
        """Whether there is something to request."""
        return self.requests.applies

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return a sample per round. Raises SystemProblem when the server, or what is requested, cannot be asked."""
        if self.requests.needs not in sessions:
            raise Unreachable(self.requests.needs, f"{self.requests.needs} was not reached when the incident was opened.")
        counters = await StatementCounters.find(sessions["postgres"])
        began = time.monotonic()
        before = await counters.read()
        await asyncio.sleep(IDLE_S)
        idle = moved(before, await counters.read())
        samples = []
        for _ in range(self.rounds):
            value = await self._round(sessions, counters, idle)
            samples.append(Sample(round(value, 2), time.monotonic() - began))
        return samples

    async def _round(self, sessions: Sessions, counters: StatementCounters, idle: dict[int, Counter]) -> float:
        before, began = await counters.read(), time.monotonic()
        made = await self.requests.measure(sessions)
        counted = moved(before, await counters.read())
        factor = (time.monotonic() - began) / IDLE_S
        net = {i: counter.less(idle.get(i, Counter()), factor).calls / max(len(made), 1) for i, counter in counted.items() if i}
        most = sorted(net, key=lambda i: -net[i])[:5]
        texts = await self._texts(counters, most)
        return next((net[i] for i in most if i in texts and not is_ours(texts[i])), 0.0)

    @staticmethod
    async def _texts(counters: StatementCounters, ids: list[int]) -> dict[int, str]:
        return await counters.texts(ids) if ids else {}
