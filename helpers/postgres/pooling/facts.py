"""What is measured to tell prepared statements behind a pooler from their look-alikes."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.pooling.console import Pooler, introduced
from helpers.postgres.pooling.traffic import CLIENTS, Tally, clients, run

__all__ = ["Measured", "measure"]

EACH = 10
FEWER = 3  # clients of the direct control: enough to show that it works, few where connections are scarce


@dataclass(frozen=True, slots=True)
class Measured:
    """The same transactions three ways: prepared through the pooler, not prepared through it, prepared without it (None: no way around).

    `pooled` is False when the address reaches PostgreSQL itself, `same_server` False when it reaches another one.
    """

    pooler: Pooler
    pooled: bool
    same_server: bool
    prepared: Tally
    plain: Tally
    direct: Tally | None


async def measure(pg: Postgres, pooler: str) -> Measured:
    """Return the measurements. Raises SystemProblem when the pooler or the server does not answer."""
    async with clients(pg, pooler) as opened:
        pooled = any(session.pooled for session in opened)
        same = await opened[0].identity() == await pg.identity()
        plain = await run(opened, EACH, prepared=False)
        prepared = await run(opened, EACH, prepared=True)
    direct = None
    if pooler and not pg.pooled:
        async with clients(pg, "", FEWER) as opened:
            direct = await run(opened, EACH * CLIENTS // FEWER, prepared=True)
    return Measured(await introduced(pg, pooler) if pooled else Pooler(), pooled, same, prepared, plain, direct)
