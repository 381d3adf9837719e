"""End one session: cancel what it runs, and terminate it if it still holds its transaction.

There is no inverse: what the session did in its open transaction is rolled back, and its client must connect again.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from helpers.contracts import Fix, FixPreview
from helpers.errors import FixFailed, ParameterError
from helpers.postgres.connect import Postgres
from helpers.postgres.write import PostgresWriter

__all__ = ["EndBackend"]

SESSION = """
select a.state, a.usename::text as usename, a.backend_type,
    coalesce(extract(epoch from clock_timestamp() - a.xact_start), 0)::float8 as in_transaction_s,
    (select count(*) from pg_locks l where l.pid = a.pid and l.granted) as locks,
    (select string_agg(distinct l.relation::regclass::text, ', ') from pg_locks l
      where l.pid = a.pid and l.granted and l.mode like '%Exclusive%' and l.relation is not null and l.relation >= 16384) as relations
from pg_stat_activity a where a.pid = $1 and a.backend_start = $2
"""
# The target is looked up again in the statement that signals it: a pid is reused.
CANCEL = "select pg_cancel_backend(pid) from pg_stat_activity where pid = $1 and backend_start = $2 and state = 'active' and backend_type = 'client backend'"
TERMINATE = (
    "select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and backend_start = $2 and backend_type = 'client backend'"
)
IN_TRANSACTION = "select 1 from pg_stat_activity where pid = $1 and backend_start = $2 and xact_start is not null"
HIDDEN = (
    "select 1 from pg_stat_activity where pid = $1 and backend_start is null"  # how another role's session looks without pg_read_all_stats
)
PRESENT = "select 1 from pg_stat_activity where pid = $1 and backend_start = $2"


@dataclass(frozen=True)
class EndBackend(Fix):
    """End the session (`pid`, `backend_start`), both as pg_stat_activity gives them; `grace_s` seconds between the two signals.

    `application_name` is for people: a different session that got the same pid is never signalled.
    """

    pid: int
    backend_start: str
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
        """Return both signals, and what is lost by them; not needed when the session is gone."""
        rows = await session.fetch(SESSION, *self._key())
        if not rows:
            return FixPreview([], needed=False, effects=["The session is gone by itself."])
        row = rows[0]
        if row["backend_type"] != "client backend":
            raise FixFailed(f"pid {self.pid} is {row['backend_type']}, which is not ended by a runbook.")
        return FixPreview(
            statements=[f"SELECT pg_cancel_backend({self.pid});", f"SELECT pg_terminate_backend({self.pid});"],
            effects=_effects(self, row),
            advice=[
                f"Find out why {self.application_name or 'the application'} leaves transactions open, and bound them: "
                f"ALTER ROLE {row['usename']} SET idle_in_transaction_session_timeout = '60s';"
            ],
        )

    async def apply(self, writer: PostgresWriter, preview: FixPreview) -> None:
        """Cancel, wait, terminate if its transaction is still open. Raises FixFailed when the session stays."""
        if await writer.execute(HIDDEN, self.pid):
            raise FixFailed(
                f"This role cannot see pid {self.pid}, so it cannot end it.",
                remedy="GRANT pg_monitor, pg_signal_backend TO the role that applies fixes.",
            )
        await writer.execute(CANCEL, *self._key())
        if await self._gone(writer, IN_TRANSACTION, self.grace_s):
            return
        await writer.execute(TERMINATE, *self._key())
        if not await self._gone(writer, PRESENT, 10.0):
            raise FixFailed(f"pid {self.pid} was told to end and has not within 10 s.", remedy="It may be rolling back; look again.")

    async def _gone(self, writer: PostgresWriter, question: str, within_s: float) -> bool:
        until = time.monotonic() + within_s
        while await writer.execute(question, *self._key()):
            if time.monotonic() > until:
                return False
            await asyncio.sleep(0.1)
        return True

    async def read_back(self, session: Postgres) -> str:
        """Return that its transaction is over, as the server says; raise FixFailed if it is not."""
        if await session.fetch(IN_TRANSACTION, *self._key()):
            raise FixFailed(f"pid {self.pid} is still in its transaction.")
        ended = not await session.fetch(PRESENT, *self._key())
        return f"pid {self.pid} is {'gone' if ended else 'out of its transaction; its session stays'}, and its locks are released."

    async def undo(self, writer: PostgresWriter, inverse: dict[str, Any]) -> None:
        """There is none; raises FixFailed."""
        raise FixFailed("An ended session cannot be brought back: its client must connect again.")


def _effects(fix: EndBackend, row: dict[str, Any]) -> list[str]:
    return [
        f"The transaction of pid {fix.pid} ({fix.application_name or 'no application_name'}, role {row['usename']}, {row['state']}), "
        f"open for {row['in_transaction_s']:.0f} s, is rolled back: its work is lost.",
        f"It releases {row['locks']} locks" + (f", exclusive ones on {row['relations']}." if row["relations"] else "."),
        f"The cancel reaches a running statement only; if the transaction is still open {fix.grace_s:g} s later, the session is terminated "
        "and its client sees a closed connection.",
        "There is no inverse.",
    ]
