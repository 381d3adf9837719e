"""How many cached copies say something else than their rows, in per cent of those compared.

What users see: an old price, a flag that was switched and is not. The same keys are read several times beside their rows; a key counts
when it disagrees at two looks in a row and was not written in between, so that an invalidation on its way does not.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.errors import ParameterError, Refused
from helpers.redis.cached import some_of
from helpers.redis.connect import Redis
from helpers.redis.copies import Copy, given_copy, learn_copies
from helpers.redis.staleness import Look, look
from helpers.redis.tables import Rows

__all__ = ["DisagreeingKeys"]

LOOKS = 9
SAMPLE = 200


@dataclass(frozen=True)
class DisagreeingKeys(Probe):
    """The share of the pattern where most keys disagree; LOOKS looks at up to SAMPLE keys of each over `window_s` seconds.

    Source: FAULTS.md E2.
    """

    pattern: str = ""
    table: str = ""
    id_column: str = ""
    fields: str = ""
    window_s: float = 4.0

    needs: ClassVar[str] = "redis"
    metric: ClassVar[str] = "pct"
    also: ClassVar[tuple[str, ...]] = ("postgres",)
    passive: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """What is measured."""
        return f"stale keys of {self.pattern}" if self.pattern else "stale keys"

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per pair of looks. Raises SystemProblem: a system cannot be asked, or nothing was recognised as a copy."""
        redis: Redis = sessions["redis"]
        if "postgres" not in sessions:
            raise Refused("postgres", "No PostgreSQL answers to compare the cache with.", remedy="See `postgres = …` of the profile.")
        rows: Rows = sessions["postgres"]
        copies = [(copy, await some_of(redis, copy.pattern, most=SAMPLE)) for copy in await self._copies(redis, rows)]
        started, samples = time.monotonic(), []
        before = [await look(redis, rows, copy, keys) for copy, keys in copies]
        for number in range(1, LOOKS):
            await asyncio.sleep(max(started + number * self.window_s / LOOKS - time.monotonic(), 0))
            now = [await look(redis, rows, copy, keys) for copy, keys in copies]
            share = max((_share(b, n) for b, n in zip(before, now, strict=True)), default=0.0)
            samples.append(Sample(share, time.monotonic() - started))
            before = now
        return samples

    async def _copies(self, redis: Redis, rows: Rows) -> list[Copy]:
        """Return the mappings; once learned they stay, so that the same is measured after a fix."""
        if "_known" not in self.__dict__:
            try:
                given = {"pattern": self.pattern, "table": self.table, "id_column": self.id_column, "fields": self.fields}
                found = [await given_copy(redis, rows, **given)] if self.table else await learn_copies(redis, rows)
            except ParameterError as wrong:
                raise Refused("redis", wrong.reason, remedy=wrong.remedy) from None
            found = [copy for copy in found if self.pattern in ("", copy.pattern)]
            if not found:
                raise Refused("redis", "No keys were recognised as copies of rows.", remedy="Give pattern and table.")
            object.__setattr__(self, "_known", found)
        known: list[Copy] = self.__dict__["_known"]
        return known


def _share(before: dict[bytes, Look], now: dict[bytes, Look]) -> float:
    stale = [
        key
        for key, one in now.items()
        if one.fields and key in before and (before[key].cached.raw, before[key].row) == (one.cached.raw, one.row)
    ]
    return 100 * len(stale) / len(now) if now else 0.0
