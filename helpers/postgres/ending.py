"""End idle sessions one by one, each looked up again in the statement that ends it: a pid is reused, and an idle session may work again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from helpers.errors import FixFailed, ParameterError, Refused
from helpers.postgres.connect import Postgres, Record
from helpers.postgres.judging import age
from helpers.postgres.sessions import sessions_in_words
from helpers.postgres.write import PostgresWriter

__all__ = ["Target", "end_sessions", "idle_of", "idle_still", "targets", "told"]

Target = dict[str, Any]  # {"pid": 4711, "backend_start": "2026-01-31T09:30:00.123456+00:00"}
GONE_S = 10.0

_STILL = """
select a.pid, a.usename::text as usename, a.state, extract(epoch from clock_timestamp() - a.state_change)::float8 as idle_s,
       a.backend_xid is not null as wrote
from unnest($1::int[], $2::timestamptz[]) with ordinality as t(pid, backend_start, n)
join pg_stat_activity a on a.pid = t.pid and a.backend_start = t.backend_start
where a.state = any($3::text[]) and a.state_change <= clock_timestamp() - make_interval(secs => $4) and a.backend_type = 'client backend'
order by t.n
"""
_END = """
select pg_terminate_backend(pid) as ended from pg_stat_activity
where pid = $1 and backend_start = $2 and state = any($3::text[])
  and state_change <= clock_timestamp() - make_interval(secs => $4) and backend_type = 'client backend'
"""
_OF_APPLICATION = """
select pid, backend_start, usename::text as usename, state, extract(epoch from clock_timestamp() - state_change)::float8 as idle_s,
       backend_xid is not null as wrote
from pg_stat_activity
where coalesce(application_name, '') = $1 and usename = $2 and datname = $3 and state = any($4::text[]) and backend_type = 'client backend'
  and state_change <= clock_timestamp() - make_interval(secs => $5)
order by state_change
"""
_THERE = """
select a.pid from unnest($1::int[], $2::timestamptz[]) as t(pid, backend_start)
join pg_stat_activity a on a.pid = t.pid and a.backend_start = t.backend_start
"""


def _keys(sessions: Sequence[Target]) -> tuple[list[int], list[datetime]]:
    try:
        return [int(s["pid"]) for s in sessions], [datetime.fromisoformat(s["backend_start"]) for s in sessions]
    except (KeyError, TypeError, ValueError):
        raise ParameterError("A session is {'pid': …, 'backend_start': …}, both as pg_stat_activity shows them.") from None


async def idle_still(
    session: Postgres | PostgresWriter, sessions: Sequence[Target], states: Sequence[str], longest_idle_s: float
) -> list[Record]:
    """Return those of `sessions` that are in one of `states` for `longest_idle_s` seconds or more, in the order given.

    Raises ParameterError on a session that names none, SystemProblem when the server cannot be asked.
    """
    arguments = (*_keys(sessions), list(states), longest_idle_s)
    if isinstance(session, PostgresWriter):
        return await session.execute(_STILL, *arguments)
    return await session.fetch(_STILL, *arguments, limit=max(len(sessions), 1))


async def idle_of(
    session: Postgres | PostgresWriter, application: tuple[str, str, str], states: Sequence[str], longest_idle_s: float
) -> list[Record]:
    """Return the sessions of `application` (application_name, role, database) that are in one of `states` that long, the longest first.

    Raises SystemProblem when the server cannot be asked.
    """
    ask = session.execute if isinstance(session, PostgresWriter) else session.fetch
    return await ask(_OF_APPLICATION, *application, list(states), longest_idle_s)


def targets(rows: Sequence[Record]) -> list[Target]:
    """Return rows of pg_stat_activity as what `end_sessions` takes."""
    return [{"pid": row["pid"], "backend_start": row["backend_start"].isoformat()} for row in rows]


async def end_sessions(writer: PostgresWriter, sessions: Sequence[Target], states: Sequence[str], longest_idle_s: float) -> int:
    """Terminate those of `sessions` that are still idle that long, in the order given, and wait until they are gone; return how many.

    Raises FixFailed when this role may not end one, or when one does not go within GONE_S.
    """
    ended: list[Target] = []
    for target, pid, start in zip(sessions, *_keys(sessions), strict=True):
        try:
            found = await writer.execute(_END, pid, start, list(states), longest_idle_s)
        except Refused as refused:
            remedy = "GRANT pg_signal_backend TO the role that applies fixes; a superuser's session only a superuser may end."
            raise FixFailed(f"{len(ended)} sessions were ended, then: {refused.reason}", remedy=remedy) from refused
        if any(row["ended"] for row in found):
            ended.append(target)
    until = time.monotonic() + GONE_S
    while ended and (left := await writer.execute(_THERE, *_keys(ended))):
        if time.monotonic() > until:
            raise FixFailed(f"{len(left)} sessions were told to end and have not within {GONE_S:.0f} s.", remedy="Look again.")
        await asyncio.sleep(0.1)
    return len(ended)


def told(rows: Sequence[Record], name: str) -> list[str]:
    """Return what ending these sessions does, as sentences for a preview."""
    if not rows:
        return ["None of these sessions is idle any more: nothing to end."]
    times = [row["idle_s"] for row in rows]
    roles = ", ".join(sorted({row["usename"] or "?" for row in rows}))
    effects = [
        f"{sessions_in_words(len(rows))} of {name or 'no application_name'} (role {roles}), idle for {age(min(times))} to {age(max(times))}: "
        "terminated, one by one, each only if it still is idle; the client sees a closed connection.",
    ]
    inside, wrote = [r for r in rows if r["state"] != "idle"], sum(r["wrote"] for r in rows)
    if inside:
        effects.append(f"{len(inside)} of them are in a transaction, which is rolled back; {wrote} have written in it: that work is lost.")
    return [*effects, "There is no inverse."]
