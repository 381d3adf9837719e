"""How long the worst statement of the live traffic takes, seen without making any load.

The first measurement chooses the statement that took the most time in its window; every later one measures the same statement.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.errors import ParameterError, Refused
from helpers.postgres.activity import Activity, watching
from helpers.postgres.connect import Postgres
from helpers.postgres.statements import Counter, StatementCounters, StatementText, alike, is_ours, moved
from helpers.redaction import mask_literals

__all__ = ["WorstStatement"]

Tick = tuple[float, dict[int, Counter]]
"""Seconds since the start, and what was counted since the tick before."""


@dataclass(frozen=True)
class WorstStatement(Probe):
    """Mean ms per call of the worst statement, one sample per `every_s` over `window_s`.

    A statement that runs on and on is never counted as a call: then how long it has run at least is the sample.

    Source: pg_stat_statements (deltas); pg_stat_activity, alone where the extension is absent.
    """

    window_s: float = 10.0
    every_s: float = 0.5

    needs: ClassVar[str] = "postgres"
    passive: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 < self.every_s <= self.window_s:
            raise ParameterError("worst_statement needs 0 < every_s <= window_s, in seconds.")
        object.__setattr__(self, "_chosen", {})  # no field: found by the first measurement, not a setting

    @property
    def statement(self) -> StatementText | None:
        """The statement chosen by the first measurement that saw one; its `raw` text is the server's."""
        return next(iter(self._memory().values()), None)

    @property
    def name(self) -> str:
        """The statement, once it is known."""
        return f"worst statement: {self.statement[:120]}" if self.statement else "worst statement of the live traffic"

    def settings(self) -> dict[str, Any]:
        """Return how it measures, and which statement."""
        return {**asdict(self), "statement": str(self.statement or "")}

    def _memory(self) -> dict[int, StatementText]:
        memory: dict[int, StatementText] = self.__dict__["_chosen"]
        return memory

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return the samples in ms, none when nothing ran. Raises SystemProblem when the server cannot be asked."""
        pg: Postgres = sessions["postgres"]
        watcher = await pg.watcher()
        try:
            counters = await StatementCounters.find(pg)
        except Refused:
            counters = None  # not installed or not loaded: what is seen running is all there is
        async with watching(watcher) as activity:
            ticks = await self._ticks(counters)
        if not self._memory():
            await self._choose(counters, ticks, activity)
        return self._samples(ticks, activity)

    async def _ticks(self, counters: StatementCounters | None) -> list[Tick]:
        only = next(iter(self._memory()), None)
        before = await counters.read(only) if counters else {}
        started, out = time.perf_counter(), []
        for number in range(1, max(int(self.window_s / self.every_s), 1) + 1):
            await asyncio.sleep(max(started + number * self.every_s - time.perf_counter(), 0))
            after = await counters.read(only) if counters else {}
            out.append((time.perf_counter() - started, moved(before, after)))
            before = after
        return out

    async def _choose(self, counters: StatementCounters | None, ticks: Sequence[Tick], activity: Activity) -> None:
        """Remember the statement with the most time: as counted, or as seen where it did not end."""
        counted: dict[int, float] = {}
        for _, deltas in ticks:
            for i, counter in deltas.items():
                counted[i] = counted.get(i, 0.0) + counter.total_ms
        texts = await counters.texts(list(counted)) if counters and counted else {}
        activity.attribute({alike(text): i for i, text in texts.items()})
        total: dict[int, float] = {i: activity.ms(seen.active) for i, seen in activity.statements.items()}
        texts = {**{i: seen.text for i, seen in activity.statements.items()}, **texts}
        for i, ms in counted.items():
            total[i] = max(total.get(i, 0.0), ms)
        worst = max((i for i in total if i and texts.get(i) and not is_ours(texts[i])), key=lambda i: total[i], default=None)
        if worst is not None:
            self._memory()[worst] = StatementText(mask_literals(texts[worst]), texts[worst])

    def _samples(self, ticks: Sequence[Tick], activity: Activity) -> list[Sample]:
        chosen = next(iter(self._memory()), None)
        if chosen is None:
            return []
        ages = activity.statements[chosen].ages if chosen in activity.statements else []
        out = []
        for at_s, deltas in ticks:
            counter = deltas.get(chosen)
            running = [age for when, age in ages if at_s - self.every_s < when <= at_s and age >= self.every_s * 1000]
            if counter:
                out.append(Sample(counter.total_ms / counter.calls, at_s))
            elif running:
                out.append(Sample(max(running), at_s))
        return out
