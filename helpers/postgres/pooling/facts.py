"""What is measured to tell prepared statements behind a pooler from their look-alikes."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.errors import SystemProblem
from helpers.postgres.connect import Postgres, connected
from helpers.postgres.pooling.address import pooler_dsn, with_database
from helpers.postgres.pooling.traffic import CLIENTS, Tally, clients, run

__all__ = ["Measured", "Pooler", "measure"]

EACH = 10
FEWER = 3  # clients of the direct control: enough to show that it works, few where connections are scarce


@dataclass(frozen=True, slots=True)
class Pooler:
    """Which pooler it is, as its admin console introduces itself; empty where that cannot be told."""

    kind: str = ""
    version: str = ""

    @property
    def carries(self) -> bool:
        """Whether this version can carry prepared statements over in transaction pooling (PgBouncer 1.21+)."""
        numbers = [int(part) for part in self.version.split(".")[:2] if part.isdigit()]
        return len(numbers) == 2 and numbers >= [1, 21]

    def __str__(self) -> str:
        return self.kind or "a pooler"


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
    return Measured(await _introduced(pg, pooler) if pooled else Pooler(), pooled, same, prepared, plain, direct)


async def _introduced(pg: Postgres, pooler: str) -> Pooler:
    """PgBouncer has a database of its own name: a console for those who may, and a refusal of its own for all others."""
    try:
        console = await connected(with_database(pooler_dsn(pg._dsn, pooler), "pgbouncer"), pg.application_name)
    except SystemProblem as problem:
        return Pooler("PgBouncer" if "not allowed" in problem.reason and "08P01" in problem.reason else "")
    version, slash, what = str(console.get_settings().server_version).partition("/")
    await console.close(timeout=1)
    return Pooler("PgBouncer", version) if slash and what == "bouncer" else Pooler()
