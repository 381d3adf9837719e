"""What each version did on each route, as the log has it: the facts that comparisons of versions rest on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from helpers.contracts import Sample
from helpers.logs.connect import LogFiles

__all__ = ["OnRoute", "versions_of"]

MOST = 400  # samples from each end of a version's time: beyond that a comparison of medians gains nothing
_SQL = Path(__file__).parent / "checks" / "deployments.sql"


@dataclass(frozen=True, slots=True)
class OnRoute:
    """One version on one route: since when, how much, and `samples` in ms by time, failed where the answer was 500 or above."""

    route: str
    version: str
    first_at: datetime
    last_at: datetime
    requests: int
    errors: int
    p50_ms: float | None
    p95_ms: float | None
    samples: Sequence[Sample]


async def versions_of(logs: LogFiles, route: str, since: str, timeout_s: float) -> list[OnRoute]:
    """Return versions by route, each route's oldest version first. Raises SystemProblem when the logs cannot be read."""
    found = await logs.ask_sql(_SQL, since, timeout_s=timeout_s, route=route.strip(), most=MOST)
    return [_read(*row) for row in found]


def _read(
    route: str,
    version: str,
    first_at: datetime,
    last_at: datetime,
    requests: int,
    errors: int,
    p50: float | None,
    p95: float | None,
    listed: Any,
) -> OnRoute:
    samples = [Sample(float(s["ms"]), float(s["at"]), not s["failed"], "HTTP 5xx" if s["failed"] else "") for s in listed]
    return OnRoute(route, version, first_at, last_at, requests, errors, p50, p95, samples)
