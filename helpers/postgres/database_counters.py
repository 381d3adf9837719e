"""What pg_stat_database counted, database by database: since its counters began, or over a window that is watched."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import age

__all__ = ["Counted", "counted", "since"]

_COUNTERS = (
    "xact_commit", "xact_rollback", "blks_read", "blks_hit", "temp_files", "temp_bytes", "deadlocks",
    "sessions", "sessions_abandoned", "sessions_fatal", "sessions_killed", "checksum_failures",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counted:
    """What one database counted over `seconds`; `watched` when that is a window, not all time."""

    database: str
    seconds: float
    watched: bool
    values: Mapping[str, float]

    def per_day(self, name: str) -> float:
        """Return a counter per day; of less than a day, what was counted, not more."""
        return self.values[name] * 86400.0 / (self.seconds if self.watched else max(self.seconds, 86400.0))


async def counted(pg: Postgres, *, window_s: float = 0.0) -> list[Counted]:
    """Return every database's counters, their movement over `window_s` seconds, or all of them when that is 0.

    Counters reach the views up to a second late.
    """
    first = await _read(pg)
    if window_s <= 0:
        return list(first.values())
    await asyncio.sleep(window_s)
    second = await _read(pg)
    return [
        Counted(name, c.seconds - first[name].seconds, True, {k: max(v - first[name].values[k], 0.0) for k, v in c.values.items()})
        for name, c in second.items()
        if name in first and c.seconds > first[name].seconds
    ]


async def _read(pg: Postgres) -> dict[str, Counted]:
    columns = ", ".join(f"coalesce({name}, 0)::float8 as {name}" for name in _COUNTERS)
    rows = await pg.fetch(
        f"select datname::text as datname, {columns}, "  # noqa: S608 - the names stand above
        "extract(epoch from clock_timestamp() - coalesce(stats_reset, pg_postmaster_start_time()))::float8 as seconds "
        "from pg_stat_database where datname is not null order by datname"
    )
    return {r["datname"]: Counted(r["datname"], r["seconds"], False, {k: r[k] for k in _COUNTERS}) for r in rows}


def since(one: Counted) -> str:
    """Return `in 12 d, since the counters began` or `in 10 s`."""
    return f"in {age(one.seconds)}" + ("" if one.watched else ", since the counters began")
