"""How long the server looks for child rows, as it does for every deleted row of a parent table.

The lookup is run as the foreign key runs it, for keys taken from the parent, and timed by the server itself; nothing is deleted and no
row is locked. The first measurement chooses the foreign key whose lookups cost most, and its keys; every later one measures the same.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.errors import ParameterError, TimedOut
from helpers.postgres.connect import LOCK_S, Postgres
from helpers.postgres.foreign_keys import LOOKUP_S, ForeignKey, read_foreign_keys, run_lookup, sample_keys

__all__ = ["ForeignKeyLookup"]

HOPELESS = 10  # so many lookups in a row that never end decide; more would only add to what holds them up


@dataclass
class _Chosen:
    """What the first measurement chose."""

    key: ForeignKey | None = None
    values: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True)
class ForeignKeyLookup(Probe):
    """The server's time for one lookup, in ms; none when the database has no foreign key.

    Args:
        table: The parent table, as SQL; empty: the foreign key that costs most, by its parent's deletes and its child's rows.
        samples: Lookups measured; one more comes first and is thrown away.
        budget_s: Seconds after which no further lookup is begun.

    Source: ri_triggers.c; EXPLAIN ANALYZE's execution time.

    """

    table: str = ""
    samples: int = 30
    budget_s: float = 60.0

    needs: ClassVar[str] = "postgres"

    def __post_init__(self) -> None:
        if self.samples < 1 or self.budget_s <= 0:
            raise ParameterError("A foreign_key_lookup probe needs at least 1 sample, and a positive budget in seconds.")
        object.__setattr__(self, "_chosen", _Chosen())  # no field: found by the first measurement, not a setting

    @property
    def constraint(self) -> str:
        """The foreign key that the first measurement chose, as `name on child`; empty before."""
        key = self._memory().key
        return key.constraint if key else ""

    @property
    def name(self) -> str:
        """The foreign key, once it is known."""
        return f"lookup of {self.constraint}" if self.constraint else "lookup of the costliest foreign key"

    def settings(self) -> dict[str, Any]:
        """Return how it measures, and which foreign key."""
        return {**asdict(self), "constraint": self.constraint}

    def _memory(self) -> _Chosen:
        memory: _Chosen = self.__dict__["_chosen"]
        return memory

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return the samples in ms. Raises Refused without SELECT on the tables, Unreachable when the server is gone."""
        pg: Postgres = sessions["postgres"]
        chosen = self._memory()
        if chosen.key is None:
            chosen.key = next(iter(await read_foreign_keys(pg, self.table)), None)
        if chosen.key is None:
            return []
        started = time.perf_counter()
        try:
            chosen.values = chosen.values or await sample_keys(pg, chosen.key)
        except TimedOut as problem:  # the parent itself is locked: so would every delete be
            return [Sample(LOCK_S * 1000, n * LOCK_S, ok=False, error=problem.reason) for n in range(HOPELESS)]
        return await self._samples(pg, chosen.key, chosen.values, started)

    async def _samples(self, pg: Postgres, key: ForeignKey, values: list[list[str]], started: float) -> list[Sample]:
        samples: list[Sample] = []
        for number in range(self.samples + 1 if values else 0):
            began = time.perf_counter() - started
            lookup = await run_lookup(pg, key, values[number % len(values)])
            if lookup.waited:
                samples.append(Sample(LOCK_S * 1000, began, ok=False, error="it waited for a lock"))
            elif number or lookup.ms >= LOOKUP_S * 1000:
                samples.append(Sample(lookup.ms, began, ok=lookup.ms < LOOKUP_S * 1000))
            hopeless = len(samples) >= HOPELESS and not any(s.ok for s in samples)
            if hopeless or time.perf_counter() - started > self.budget_s:
                break
        return samples
