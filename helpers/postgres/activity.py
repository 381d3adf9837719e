"""What runs right now, looked at a few times a second: sees the statements that hang and never reach a counter."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from helpers.postgres.connect import Postgres
from helpers.postgres.statements import alike, is_ours

__all__ = ["Activity", "Seen", "watching"]

EVERY_S = 0.15  # about 7 looks a second; each reads shared memory only
# pg_stat_get_activity is what the view pg_stat_activity reads, without its joins: planned in a fraction of the time
_LOOK = (
    "select coalesce(query_id, hashtextextended(query, 0)) as id, query_id is null as parsing, query, wait_event_type = 'Lock' as locked, "
    "wait_event_type || ':' || wait_event as wait, application_name like 'runbook%' as ours, state is null as hidden, "
    "(extract(epoch from clock_timestamp() - query_start) * 1000)::float8 as age_ms from pg_stat_get_activity(null) "
    "where datid = (select oid from pg_database where datname = current_database()) and backend_type = 'client backend' "
    "and pid <> pg_backend_pid() and (state = 'active' or state is null)"
)


@dataclass
class Seen:
    """One statement as it was seen running: how often, waiting for a lock how often, and for what it waited.

    `ages` are (seconds since watching began, milliseconds it had been running). `parsing` means that it had no query id yet: it was
    being parsed, maybe waiting for a lock there, or the server computes none.
    """

    text: str
    parsing: bool = False
    active: int = 0
    locked: int = 0
    waits: dict[str, int] = field(default_factory=dict)
    ages: list[tuple[float, float]] = field(default_factory=list)

    def add(self, other: Seen) -> None:
        """Count the sightings of `other` here too."""
        self.active, self.locked = self.active + other.active, self.locked + other.locked
        for wait, times in other.waits.items():
            self.waits[wait] = self.waits.get(wait, 0) + times
        self.ages = sorted([*self.ages, *other.ages])

    @property
    def lock_wait_pct(self) -> float:
        """Share of the looks that found it waiting for a lock, in per cent."""
        return 100.0 * self.locked / self.active if self.active else 0.0


@dataclass
class Activity:
    """All that was seen: `statements` by query id, `ours` (this program's probes), how many looks over how long."""

    statements: dict[int, Seen] = field(default_factory=dict)
    ours: Seen = field(default_factory=lambda: Seen(""))
    hidden: int = 0
    looks: int = 0
    seconds: float = 0.0

    def attribute(self, ids: Mapping[str, int]) -> None:
        """Count what was seen while it was parsed under the id of the statement that is alike; `ids` are of `alike` texts."""
        known = {alike(seen.text): i for i, seen in self.statements.items() if not seen.parsing} | dict(ids)
        for i in [i for i, seen in self.statements.items() if seen.parsing]:
            if (same := known.get(alike(self.statements[i].text))) is not None:
                seen = self.statements.pop(i)
                self.statements.setdefault(same, Seen(seen.text)).add(seen)

    def ms(self, looks: float) -> float:
        """Return milliseconds of work that so many sightings stand for."""
        return 1000.0 * self.seconds * looks / self.looks if self.looks else 0.0


@asynccontextmanager
async def watching(pg: Postgres) -> AsyncIterator[Activity]:
    """Look at pg_stat_activity through `pg`, a session of its own, for as long as the block runs; its result is whole afterwards.

    Raises what the server answered when looking failed.
    """
    activity, done, started = Activity(), asyncio.Event(), time.perf_counter()
    looking = asyncio.create_task(_look_until(pg, activity, done, started))
    try:
        yield activity
    finally:
        done.set()
        await looking
        activity.seconds = time.perf_counter() - started


async def _look_until(pg: Postgres, activity: Activity, done: asyncio.Event, started: float) -> None:
    while not done.is_set():
        for row in await pg.fetch(_LOOK):
            if row["hidden"]:
                activity.hidden += 1  # another role's session, working or idle: nobody can tell
            elif row["ours"]:
                _count(activity.ours, row["locked"], row["wait"])
            elif not is_ours(row["query"]):
                seen = activity.statements.setdefault(row["id"], Seen(row["query"], row["parsing"]))
                _count(seen, row["locked"], row["wait"])
                seen.ages.append((time.perf_counter() - started, row["age_ms"] or 0.0))
        activity.looks += 1
        try:
            async with asyncio.timeout(EVERY_S):
                await done.wait()
        except TimeoutError:
            continue


def _count(seen: Seen, locked: bool | None, wait: str | None) -> None:
    seen.active += 1
    seen.locked += bool(locked)
    if wait:
        seen.waits[wait] = seen.waits.get(wait, 0) + 1
