"""How many of the newest rows lack the partner that such rows usually have."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from helpers.postgres.connect import Postgres
from helpers.postgres.gauge import Gauge
from helpers.postgres.partners import MOST_KEYS, Partners, read_partners

__all__ = ["OrphanRows"]

PAUSE_S = 0.2


@dataclass(frozen=True)
class OrphanRows(Gauge):
    """Parents without a child among the newest thousand of every relation of which older parents nearly all have one.

    A row whose partner comes a moment later is none: each look reads twice, PAUSE_S apart, and counts what lacks it both times.
    """

    every_s: float = 0.5

    metric: ClassVar[str] = "count"

    @property
    def name(self) -> str:
        """What is counted."""
        return "rows without their partner"

    async def look(self, pg: Postgres) -> float:
        """Return the number of orphans. Raises SystemProblem when the server cannot be asked."""
        first = {(one.subject, key) for one in await _ruled(pg) for key in one.keys}
        await asyncio.sleep(PAUSE_S)
        relations = await _ruled(pg)
        still = {(one.subject, key) for one in relations for key in one.keys} & first
        return float(len(still) if len(still) < MOST_KEYS else sum(one.orphans for one in relations))


async def _ruled(pg: Postgres) -> list[Partners]:
    return [one for one in (await read_partners(pg))[0] if one.is_rule]
