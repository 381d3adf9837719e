"""Several clients at once, each running short transactions one after the other, as an application's processes do."""

from __future__ import annotations

import asyncio
import secrets
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from helpers.contracts import Sample
from helpers.errors import BadAnswer, SystemProblem, TimedOut
from helpers.postgres.connect import STATEMENT_S, Postgres
from helpers.postgres.pooling.session import OURS, PooledSession

__all__ = ["CLIENTS", "PREPARED_CODES", "Tally", "clients", "run"]

CLIENTS = 6
PREPARED_CODES = ("26000", "42P05")  # does not exist; exists already
SWEEPS = 12


@dataclass(slots=True)
class Tally:
    """What so many transactions came to: `codes` counts the failed ones by the server's code, `waits_ms` is the wait of each to begin."""

    samples: list[Sample] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)
    waits_ms: list[float] = field(default_factory=list)
    error: str = ""

    @property
    def prepared_errors(self) -> int:
        """How many failed over a prepared statement."""
        return sum(self.codes[code] for code in PREPARED_CODES)

    @property
    def wait_ms(self) -> float:
        """The median wait to begin."""
        return statistics.median(self.waits_ms) if self.waits_ms else 0.0

    def __str__(self) -> str:
        failed = f"{sum(self.codes.values())} of {len(self.samples)} transactions failed"
        return failed + (f" ({', '.join(f'{n} × {code}' for code, n in self.codes.most_common())})" if self.codes else "")


@asynccontextmanager
async def clients(pg: Postgres, pooler: str, count: int = CLIENTS) -> AsyncIterator[list[PooledSession]]:
    """Yield `count` sessions through the pooler, closed at the end, no prepared statement of ours left behind if that can be helped.

    What does stay behind, on a server connection that was not lent to us again, has a name of its own and ends with that connection.
    """
    async with asyncio.TaskGroup() as group:
        opening = [group.create_task(_opened(pg, pooler)) for _ in range(count)]
    sessions = [task.result() for task in opening]
    failed = next((s for s in sessions if isinstance(s, SystemProblem)), None)
    opened = [s for s in sessions if isinstance(s, PooledSession)]
    try:
        if failed is not None:
            raise failed
        yield opened
    finally:
        for session in opened:
            await session.close()


async def _opened(pg: Postgres, pooler: str) -> PooledSession | SystemProblem:
    try:
        return await PooledSession.through(pg, pooler)
    except SystemProblem as problem:
        return problem


async def run(sessions: Sequence[PooledSession], each: int, *, prepared: bool) -> Tally:
    """Let every session run `each` transactions at once with the others.

    `prepared`: all prepare their statement under the same name, as the processes of one application do.

    Raises:
        Unreachable: the pooler or the server went away.

    """
    name = f"{OURS}{secrets.token_hex(4)}_1" if prepared else ""
    tally, started = Tally(), time.perf_counter()
    await asyncio.gather(*(_client(session, each, name, tally, started) for session in sessions))
    if prepared:
        await _sweep(sessions)
    return tally


async def _client(session: PooledSession, each: int, name: str, tally: Tally, started: float) -> None:
    for number in range(each):
        began = time.perf_counter()
        error, took_ms = "", 0.0
        try:
            await session.transaction(number, name)
        except BadAnswer as problem:
            tally.codes[problem.code] += 1
            error = problem.reason
        except TimedOut as problem:
            tally.codes["timed out"] += 1
            error, took_ms = problem.reason, STATEMENT_S * 1000
        tally.error = tally.error or error
        tally.waits_ms.append(session.waited_ms)
        tally.samples.append(Sample(took_ms or (time.perf_counter() - began) * 1000, began - started, ok=not error, error=error))


async def _sweep(sessions: Sequence[PooledSession]) -> None:
    """Until several rounds in a row find nothing: which server connection is lent is the pooler's choice."""
    clean = 0
    for _ in range(SWEEPS):
        found = await asyncio.gather(*(session.forget() for session in sessions))
        clean = 0 if any(found) else clean + 1
        if clean == 3:
            return
