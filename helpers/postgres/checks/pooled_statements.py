"""Prepared statements that lie on the connection pooler's server connections.

In transaction pooling a client gets another server connection for its next transaction: what it prepared is on the former one, and
what somebody else prepared is on this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import named, skipped
from helpers.postgres.pooling.drivers import driver_of
from helpers.postgres.pooling.traffic import clients
from helpers.postgres.pooling.watch import Watch, watch
from helpers.postgres.probes.pooled_transactions import NO_POOLER, REMEDY
from helpers.results import CheckResult, Status

__all__ = ["PooledStatement", "judge", "pooled_statements"]


@dataclass(frozen=True, slots=True)
class PooledStatement:
    """One prepared statement on one server connection, `in_use` when it ran or was prepared while watched; `driver` by its name."""

    pid: int
    statement: str
    driver: str
    application_name: str
    in_use: bool
    runs: int


async def pooled_statements(pg: Postgres, *, pooler: str = "", window_s: float = 2.0) -> CheckResult[PooledStatement]:
    """Prepared statements on the pooler's server connections, those in use first.

    Args:
        pg: Read-only session.
        pooler: As for the probe pooled_transactions; empty: the profile's postgres, where that is a pooler.
        window_s: Seconds to watch.

    Returns:
        PROBLEM when clients share server connections and statements prepared on them are in use; OK otherwise; UNKNOWN when there are
        some and none is used meanwhile; SKIPPED without a pooler.

    Raises:
        SystemProblem: the pooler or the server cannot be asked.

    Source: PostgreSQL manual, pg_prepared_statements (generic_plans, custom_plans: 14+); PgBouncer's manual, pool_mode.

    """
    if not pooler and not pg.pooled:
        return skipped(f"{NO_POOLER} {REMEDY}")
    async with clients(pg, pooler) as opened:
        return judge(await watch(pg, opened, window_s))


def judge(seen: Watch) -> CheckResult[PooledStatement]:
    """Return the status of what was watched; pure."""
    rows = [
        PooledStatement(pid, name, driver_of(name), seen.application_of(pid), seen.in_use((pid, name, made)), seen.last[pid, name, made])
        for pid, name, made in seen.last
    ]
    rows.sort(key=lambda row: (not row.in_use, row.pid, row.statement))
    facts: dict[str, Any] = {"server_connections": len(seen.pids), "clients": len(seen.lent), "shared": seen.shared}
    facts["applications"] = sorted({name for pid in seen.pids if (name := seen.application_of(pid))})
    used = [row for row in rows if row.in_use]
    where = f"the {len(seen.pids)} server connections seen"
    if not seen.shared:
        return CheckResult(Status.OK, rows, f"Each client keeps a server connection of its own: {where} are not shared.", facts=facts)
    if used:
        text = f"{len(used)} prepared statements are in use on {where}, which clients share: {_names(used)}."
        return CheckResult(Status.PROBLEM, rows, text, facts=facts)
    if rows:
        return CheckResult(
            Status.UNKNOWN, rows, reason=f"{len(rows)} prepared statements lie on {where} ({_names(rows)}), and none was used meanwhile.",
            remedy="Look again under traffic; if the driver was set right since, RECONNECT in PgBouncer's console clears them.", facts=facts,
        )  # fmt: skip
    return CheckResult(Status.OK, rows, f"Nobody keeps a prepared statement on {where}, which clients share.", facts=facts)


def _names(rows: Sequence[PooledStatement]) -> str:
    drivers = sorted({row.driver for row in rows if row.driver})
    return f"{named(sorted({row.statement for row in rows}))}" + (f", as {named(drivers)} names them" if drivers else "")
