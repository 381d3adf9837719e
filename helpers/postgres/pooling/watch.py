"""Which prepared statements lie on the pooler's server connections, and which of them are used while one looks."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from helpers.postgres.connect import Postgres
from helpers.postgres.pooling.session import Leftover, PooledSession

__all__ = ["Watch", "watch"]

EVERY_S = 0.15
APPLICATIONS = "select pid, application_name from pg_stat_activity where pid = any($1::int[]) and application_name not like 'runbook%'"

Key = tuple[int, str, datetime | None]


@dataclass(slots=True)
class Watch:
    """What was seen: `first` and `last` count how often each statement had run; `fresh` ones were prepared meanwhile.

    `lent` are the server connections each of our clients was given; `applications` those seen on them besides us.
    """

    first: dict[Key, int] = field(default_factory=dict)
    last: dict[Key, int] = field(default_factory=dict)
    fresh: set[Key] = field(default_factory=set)
    lent: dict[int, set[int]] = field(default_factory=dict)
    applications: dict[int, Counter[str]] = field(default_factory=dict)

    @property
    def pids(self) -> set[int]:
        """The server connections seen."""
        return set().union(*self.lent.values()) if self.lent else set()

    @property
    def shared(self) -> bool:
        """Whether a server connection went from one client to another, or a client from one to another: not session pooling."""
        return any(len(pids) > 1 for pids in self.lent.values()) or len(self.lent) > len(self.pids) > 0

    def in_use(self, key: Key) -> bool:
        """Whether a statement ran, or was prepared, while we looked."""
        return key in self.fresh or self.last[key] > self.first[key]

    def add(self, client: int, rows: Sequence[Leftover]) -> None:
        """Take in what one client saw on the server connection it was lent."""
        pid, known = rows[0].pid, self.pids
        self.lent.setdefault(client, set()).add(pid)
        for row in rows:
            if row.name is None:
                continue
            key = (pid, row.name, row.prepare_time)
            if key not in self.first:
                self.first[key] = row.plans
                self.fresh |= {key} if pid in known else set()
            self.last[key] = max(row.plans, self.last.get(key, 0))

    def application_of(self, pid: int) -> str:
        """Return the application seen most often on a server connection, or an empty string."""
        seen = self.applications.get(pid)
        return seen.most_common(1)[0][0] if seen else ""


async def watch(pg: Postgres, sessions: Sequence[PooledSession], window_s: float) -> Watch:
    """Return what `sessions`, clients of the pooler, see on its server connections over `window_s` seconds. Raises SystemProblem."""
    seen, until = Watch(), time.monotonic() + window_s
    while True:
        for client, rows in enumerate(await asyncio.gather(*(session.look() for session in sessions))):
            seen.add(client, rows)
        await asyncio.sleep(EVERY_S)  # for the applications to have them again
        for row in await pg.fetch(APPLICATIONS, list(seen.pids)):
            if row["application_name"]:
                seen.applications.setdefault(row["pid"], Counter())[row["application_name"]] += 1
        if time.monotonic() >= until:
            return seen
