"""How much of the server's time slow commands hold, in per cent: everybody else waits meanwhile.

Passive, from the server's own slow log, which times the command alone, without network and queue. Whose commands they are does not matter.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.errors import ParameterError, Refused, TimedOut
from helpers.redis.connect import Redis
from helpers.redis.replies import SlowCommand, parse_slowlog
from helpers.redis.slow import settings_blind

__all__ = ["HeldBySlowCommands"]

ENTRIES = 64


@dataclass(frozen=True)
class HeldBySlowCommands(Probe):
    """One look every `every_s` seconds over `window_s` seconds: the time of commands slower than `slow_ms` since the look before, in % of it.

    A look that is not answered in time is a server held all the time. Entries that the log lost between two looks are missing.

    Source: Redis manual, SLOWLOG.
    """

    window_s: float = 8.0
    every_s: float = 0.5
    slow_ms: float = 10.0

    needs: ClassVar[str] = "redis"
    metric: ClassVar[str] = "pct"
    passive: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 < self.every_s <= self.window_s or self.slow_ms <= 0:
            raise ParameterError("held_by_slow_commands needs 0 < every_s <= window_s, in seconds, and slow_ms > 0.")

    @property
    def name(self) -> str:
        """What is measured."""
        return "time held by slow commands"

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per interval. Raises Refused where the slow log is closed or off, SystemProblem when nothing is answered."""
        redis = sessions["redis"]
        await self._check(redis)
        started = then = time.monotonic()
        last = max((entry.id for entry in await _entries(redis)), default=-1)
        samples = []
        for _ in range(max(round(self.window_s / self.every_s), 1)):
            await asyncio.sleep(self.every_s)  # from the end of the look before: looks held up must not bunch together
            try:
                entries = await _entries(redis)
            except TimedOut as problem:
                samples.append(Sample(100.0, time.monotonic() - started, ok=False, error=problem.reason))
                continue
            new, now = [e for e in entries if e.id > last], time.monotonic()
            held_ms = sum(e.duration_ms for e in new if e.duration_ms >= self.slow_ms and e.client_name != redis.application_name)
            samples.append(Sample(min(held_ms / 10 / (now - then), 100.0), now - started))
            then, last = now, max([last, *(e.id for e in new)])
        return samples

    async def _check(self, redis: Redis) -> None:
        try:
            reason = settings_blind(await redis.settings("slowlog-log-slower-than", "slowlog-max-len"), self.slow_ms)
        except Refused:
            return  # the log is asked all the same
        if reason:
            raise Refused(
                "redis", f"The slow log cannot tell: {reason}.", remedy=f"CONFIG SET slowlog-log-slower-than {self.slow_ms * 1000:.0f}"
            )


async def _entries(redis: Redis) -> list[SlowCommand]:
    return parse_slowlog(await redis.ask("SLOWLOG GET", ENTRIES))
