"""Which requests changed the rows whose cached copies are stale: there an invalidation is missing.

Rests on the application's log and on the rows' own time of change. What no request explains was changed in bulk, by a job, or by hand.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from helpers.errors import ParameterError
from helpers.redis.cached import digest
from helpers.redis.connect import Redis
from helpers.results import CheckResult, Diagnosis, Status

__all__ = ["Writer", "missed_invalidations", "writers"]

SLACK_S = 2.0  # a request is logged when it has been answered, its row is stamped when its transaction began
LOG_S = 60.0


class Request(Protocol):
    """A request that wrote, as a log tells it."""

    @property
    def at(self) -> datetime:
        """When it was logged."""
        ...

    @property
    def method(self) -> str:
        """Its method."""
        ...

    @property
    def route(self) -> str:
        """Its route."""
        ...

    @property
    def path(self) -> str:
        """Its path."""
        ...


@dataclass(frozen=True, slots=True)
class Writer:
    """One route that wrote `rows` of the stale keys' rows, just when they were changed, between `first` and `last` (UTC)."""

    route: str
    rows: int
    of: int
    first: str
    last: str


async def missed_invalidations(
    redis: Redis,
    *,
    diagnosis: Any = None,
    find: Callable[..., Sequence[Request]] | None = None,
    logs: Sequence[str] = (),
    timeout_s: float = LOG_S,
) -> CheckResult[Writer]:
    """The routes that changed rows without invalidating their copies, those with most rows first.

    Args:
        redis: Read-only session; nothing more is asked of it.
        diagnosis: What stale_cache concluded.
        find: Returns the writing requests of a time: `helpers.logs.writes.requests_between`.
        logs: Globs of the application's logs.
        timeout_s: Seconds the logs may take to read.

    Returns:
        PROBLEM with one row per route; OK and empty when no request explains the changes (a job, hand-written SQL); SKIPPED without
        stale keys, without a log, or where the rows do not tell when they were changed.

    """
    changes = diagnosis.facts.get("changes", {}) if isinstance(diagnosis, Diagnosis) and diagnosis.code == "stale_cache" else None
    if changes is None:
        return CheckResult(Status.SKIPPED, reason="No stale keys were named.")
    if not changes:
        reason = "The rows do not tell when they were changed: their table has no column such as updated_at."
        return CheckResult(Status.SKIPPED, reason=reason)
    if not logs or find is None:
        return CheckResult(Status.SKIPPED, reason="The profile has no logs.", remedy="Add `logs = [globs]` of the application's log to it.")
    moments = {key: datetime.fromisoformat(at) for key, at in changes.items()}
    try:
        async with asyncio.timeout(timeout_s):
            found = await asyncio.to_thread(find, list(logs), min(moments.values()), max(moments.values()), slack_s=SLACK_S)
    except ParameterError as problem:
        return CheckResult(Status.SKIPPED, reason=problem.reason, remedy=problem.remedy)
    return writers(found, moments, str(diagnosis.target["seed"]))


def writers(found: Sequence[Request], moments: Mapping[str, datetime], seed: str) -> CheckResult[Writer]:
    """Return which routes named the rows in their paths just when they were changed; pure."""
    slack = timedelta(seconds=SLACK_S)
    by_route: dict[str, dict[str, datetime]] = defaultdict(dict)
    for request in found:
        for part in re.split(r"[/?=&,]", request.path):
            key = digest(part.encode(), seed)
            if key in moments and abs(request.at - moments[key]) <= slack:
                by_route[f"{request.method} {request.route}"][key] = request.at
    ranked = sorted(by_route.items(), key=lambda item: -len(item[1]))
    rows = [Writer(r, len(at), len(moments), f"{min(at.values()):%F %T}", f"{max(at.values()):%F %T}") for r, at in ranked]
    first, last = (f"{at:%F %T}" for at in (min(moments.values()), max(moments.values())))
    if not rows:
        said = f"No request in the log names these rows when they were changed ({first} … {last} UTC): a job, a bulk request or hand-written SQL did."
        return CheckResult(Status.OK, summary=said)
    top = rows[0]
    said = (
        f"{top.rows} of {top.of} stale rows were changed by {top.route} ({top.first} … {top.last} UTC): an invalidation is missing there."
    )
    return CheckResult(Status.PROBLEM, rows, said)
