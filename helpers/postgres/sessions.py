"""The client sessions of a server, looked at several times a few seconds apart: the facts about who holds connections (I/O)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from helpers.postgres.connect import Postgres
from helpers.postgres.limits import ConnectionLimit, read_limits
from helpers.postgres.sql import load_sql
from helpers.redaction import mask_literals

__all__ = ["IDLE", "IDLE_IN_TRANSACTION", "LONGEST_IDLE_S", "ClientSession", "Look", "read_sessions", "sessions_in_words", "several_looks"]

IDLE_IN_TRANSACTION = ("idle in transaction", "idle in transaction (aborted)")
IDLE = ("idle", *IDLE_IN_TRANSACTION)
LONGEST_IDLE_S = 60.0  # an API answers within its clients' time-out, commonly 30 s: who was idle for twice that serves no request
MOST_SESSIONS = 10_000
LOOKS = 3
PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class ClientSession:
    """One client session; `may_end` is whether this role may end it, `query` its last statement, literals masked."""

    pid: int
    backend_start: datetime | None
    application_name: str
    usename: str
    datname: str
    client_addr: str
    state: str
    in_state_s: float
    in_transaction_s: float
    waits_for_lock: bool
    query: str
    may_end: bool

    @property
    def key(self) -> tuple[int, datetime | None]:
        """Which session it is, over several looks: a pid is reused."""
        return self.pid, self.backend_start

    @property
    def target(self) -> dict[str, int | str]:
        """The session as JSON, for a fix."""
        return {"pid": self.pid, "backend_start": self.backend_start.isoformat() if self.backend_start else ""}


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen at one moment; this program's own sessions are left out."""

    limits: Sequence[ConnectionLimit]
    sessions: Sequence[ClientSession]


def sessions_in_words(count: int) -> str:
    """Return `1 session` or `3 sessions`."""
    return "1 session" if count == 1 else f"{count} sessions"


async def read_sessions(pg: Postgres) -> list[ClientSession]:
    """Return every client session, this program's own left out. Raises SystemProblem when the server cannot be asked."""
    rows = await pg.fetch(load_sql(__file__, pg.version_num), "runbook", limit=MOST_SESSIONS)
    return [ClientSession(**{**row, "query": mask_literals(row["query"])}) for row in rows]


async def several_looks(pg: Postgres, *, looks: int = LOOKS, pause_s: float = PAUSE_S) -> list[Look]:
    """Return `looks` looks, `pause_s` seconds apart, the latest last. Raises SystemProblem when the server cannot be asked."""
    seen = []
    for number in range(looks):
        if number:
            await asyncio.sleep(pause_s)
        seen.append(Look(await read_limits(pg), await read_sessions(pg)))
    return seen
