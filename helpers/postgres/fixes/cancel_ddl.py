"""Cancel a DDL statement that waits for its lock, so that those who queue behind it can go on.

Whoever holds what it waits for is left alone. There is no inverse but to run the migration again, with a lock_timeout.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from helpers.contracts import Fix, FixPreview
from helpers.errors import FixFailed, ParameterError
from helpers.postgres.blocking import behind
from helpers.postgres.checks.lock_tree import LockRow, read_lock_rows
from helpers.postgres.connect import Postgres
from helpers.postgres.lock_queues import who
from helpers.postgres.write import PostgresWriter
from helpers.redaction import mask_literals

__all__ = ["CancelDdl"]

# One that has its lock meanwhile works, and must not be cancelled: what it waits for is looked up in the statement that signals it.
_WAITING = (
    "from pg_stat_activity a where a.pid = $1 and a.backend_start = $2 and a.backend_type = 'client backend' and a.state = 'active' "
    "and exists (select from pg_locks l where l.pid = a.pid and not l.granted and l.locktype = 'relation')"
)
_STATEMENT = (
    f"select a.query, a.usename::text as usename, extract(epoch from clock_timestamp() - a.query_start)::float8 as runs_s {_WAITING}"  # noqa: S608 - constants
)
_CANCEL = f"select pg_cancel_backend(a.pid) {_WAITING}"
_TERMINATE = f"select pg_terminate_backend(a.pid) {_WAITING}"
_STILL = f"select 1 {_WAITING}"
_HIDDEN = "select 1 from pg_stat_activity where pid = $1 and backend_start is null"
GONE_S = 10.0


@dataclass(frozen=True)
class CancelDdl(Fix):
    """Cancel what the session (`pid`, `backend_start`), both as pg_stat_activity gives them, waits with; terminate it if it waits still.

    `relation` and `application_name` are for people; `grace_s` are seconds between the two signals.
    """

    pid: int
    backend_start: str
    relation: str
    application_name: str = ""
    grace_s: float = 2.0

    needs: ClassVar[str] = "postgres"
    reversible: ClassVar[bool] = False

    def _key(self) -> tuple[int, datetime]:
        try:
            return self.pid, datetime.fromisoformat(self.backend_start)
        except ValueError:
            raise ParameterError(
                f"backend_start {self.backend_start!r} is not a time.", remedy="Give it as pg_stat_activity shows it."
            ) from None

    async def preview(self, session: Postgres) -> FixPreview:
        """Return both signals, the statement they stop, who waits behind it and for whom it waits; not needed when it waits no more."""
        rows = await session.fetch(_STATEMENT, *self._key())
        if not rows:
            return FixPreview([], needed=False, effects=["The DDL statement does not wait any more: it went on, gave up, or is gone."])
        statement, queue = mask_literals(rows[0]["query"]), await read_lock_rows(session)
        return FixPreview(
            statements=[f"SELECT pg_cancel_backend({self.pid});", f"SELECT pg_terminate_backend({self.pid});"],
            effects=[
                f"This statement of pid {self.pid} ({self.application_name or 'no application_name'}, role {rows[0]['usename']}) is not carried out, "
                f"nor is the rest of its transaction: {statement}",
                f"The {len(behind(queue, self.pid))} sessions that wait behind it go on; what it waits for is left alone.",
                f"If it still waits {self.grace_s:g} s later, its session is terminated, and its client sees a closed connection.",
                "There is no inverse: the migration has to be run again.",
            ],
            advice=[_again(statement), *self._holders(queue)],
        )

    def _holders(self, queue: list[LockRow]) -> list[str]:
        blocked_by = next((row.blocked_by for row in queue if row.pid == self.pid), [])
        return [_advice(row, self.relation) for row in queue if row.pid in blocked_by]

    async def apply(self, writer: PostgresWriter, preview: FixPreview) -> None:
        """Cancel, wait, terminate if it waits still. Raises FixFailed when it goes on waiting, or this role cannot see it."""
        if await writer.execute(_HIDDEN, self.pid):
            raise FixFailed(
                f"This role cannot see pid {self.pid}, so it cannot end it.",
                remedy="GRANT pg_monitor, pg_signal_backend TO the role that applies fixes.",
            )
        await writer.execute(_CANCEL, *self._key())
        if await self._gone(writer, self.grace_s):
            return
        await writer.execute(_TERMINATE, *self._key())
        if not await self._gone(writer, GONE_S):
            raise FixFailed(f"pid {self.pid} was told to end and still waits after {GONE_S:.0f} s.", remedy="Look again.")

    async def _gone(self, writer: PostgresWriter, within_s: float) -> bool:
        until = time.monotonic() + within_s
        while await writer.execute(_STILL, *self._key()):
            if time.monotonic() > until:
                return False
            await asyncio.sleep(0.1)
        return True

    async def read_back(self, session: Postgres) -> str:
        """Return that it does not wait any more, as the server says; raise FixFailed if it does."""
        if await session.fetch(_STILL, *self._key()):
            raise FixFailed(f"pid {self.pid} still waits for its lock on {self.relation}.")
        return f"pid {self.pid} does not wait for {self.relation} any more."

    async def undo(self, writer: PostgresWriter, inverse: dict[str, Any]) -> None:
        """There is none; raises FixFailed."""
        raise FixFailed("A cancelled statement cannot be brought back: run the migration again, with a lock_timeout.")


def _again(statement: str) -> str:
    """The same statement as it should be run: it gives up its place in the queue before anybody notices."""
    return (
        "Run the migration again so that it gives way: SET lock_timeout = '2s'; then the statement, and again after a pause with jitter whenever it "
        f"ends with 55P03 (lock_not_available): {' '.join(statement.split())[:300]}"
    )


def _advice(row: LockRow, relation: str) -> str:
    if row.backend_type != "client backend":
        return f"pid {row.pid}, {row.backend_type}, works on {relation}: let it end before the migration is run again."
    idle = (row.state or "").startswith("idle in transaction")
    bound = "idle_in_transaction_session_timeout" if idle else "statement_timeout"
    return (
        f"{who(row)}, {row.state}, keeps its transaction open for {row.in_transaction_s or 0:.0f} s and is why the migration waits: "
        f"wait for it, or ask its owner; bound it with {bound} for role {row.usename}."
    )
