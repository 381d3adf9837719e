"""Who holds back the rows that VACUUM may remove.

A dead row stays until the oldest snapshot that may see it is gone: a session left open in its transaction, a prepared transaction that
nobody finished, a replication slot without a reader, a long query on a standby.
"""

from __future__ import annotations

from helpers.postgres.connect import Postgres
from helpers.postgres.horizon import Holder, read_holders
from helpers.results import CheckResult, Status

__all__ = ["horizon_holders"]


async def horizon_holders(pg: Postgres) -> CheckResult[Holder]:
    """Everything that holds this database's horizon, the oldest first.

    Returns:
        OK with a row per holder: that something holds it is normal, and says nothing about dead rows; UNKNOWN when the role cannot see
        other roles' sessions.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, "Routine Vacuuming"; procarray.c, ComputeXidHorizons.

    """
    rows = await read_holders(pg)
    if not pg.sees_everyone:
        reason = "This role cannot see what other roles' sessions hold."
        return CheckResult(Status.UNKNOWN, rows, reason=reason, remedy="GRANT pg_monitor TO the diagnostic role.")
    if not rows:
        return CheckResult(Status.OK, summary="Nothing holds the horizon back.")
    first = rows[0]
    held = "" if first.held_s is None else f", for {first.held_s:,.0f} s"
    return CheckResult(Status.OK, rows, f"The oldest is {first.subject}, {first.state}{held}, {first.age_xids:,} transactions back.")
