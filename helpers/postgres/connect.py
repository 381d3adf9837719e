"""One connection to PostgreSQL that can only read.

Read-only by construction, with no filtering of SQL text: every question is `BEGIN READ ONLY` + local time-outs, then
`DECLARE … CURSOR FOR <question>` through the extended protocol, then `ROLLBACK`. The server's own grammar admits only SELECT and
VALUES after DECLARE, so COMMIT, SET, DO, CALL, COPY, a second statement and a data-modifying CTE are refused by the server; nothing
a question sets outlives it; rows are bounded by FETCH. All of it holds through PgBouncer in transaction mode.
What only a role without grants can stop (pg_terminate_backend, dblink …) is in docs/read-only.md.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from helpers.errors import BadAnswer, Refused, RunbookError, SystemProblem, TimedOut, Unreachable
from helpers.redaction import redact

__all__ = ["FAILURES", "Postgres", "Record", "connected", "open_session", "translate"]

Record = dict[str, Any]

CONNECT_S = 5.0
STATEMENT_S = 5.0
LOCK_S = 0.5  # a diagnostic must not join the lock queue it studies
LEAST_S = 0.05  # with less of an allowance left, a question is not worth asking
SLACK_S = 1.0  # the client waits this much longer than the server's own time-out

# cursor_tuple_fraction = 1: plan for all rows, as the application's own statement is planned, not for the first few.
_SETTINGS = (
    "SET LOCAL statement_timeout = {statement}; SET LOCAL lock_timeout = {lock}; "
    "SET LOCAL idle_in_transaction_session_timeout = 15000; SET LOCAL cursor_tuple_fraction = 1.0"
)
_END = "ROLLBACK; SELECT pg_advisory_unlock_all()"  # a session-level advisory lock is the one thing ROLLBACK keeps


def translate(error: BaseException) -> SystemProblem:
    """Return the driver's or the network's error as one of ours, with the next step."""
    code = str(getattr(error, "sqlstate", "") or "")
    text = redact(str(error).splitlines()[0] if str(error) else type(error).__name__)
    if code == "53300":
        return Unreachable(
            "postgres",
            f"No connection is left for this role: {text}",
            remedy="Next: `runbook run connection_exhaustion` as a role that still gets in: GRANT pg_use_reserved_connections TO it "
            "(PostgreSQL 16+), or end an idle session as a superuser.",
        )
    if code.startswith(("28", "3D", "57P")) or code in ("08P01", "08003", "08006"):
        return Unreachable("postgres", f"{text} [{code}]", remedy="Check the profile's postgres address and that the server is up.")
    if code in ("57014", "55P03"):
        return TimedOut("postgres", f"{text} [{code}]")
    if code in ("42501", "25006"):
        return Refused("postgres", f"{text} [{code}]", remedy="See docs/read-only.md for the role that may ask this.")
    if code:
        return BadAnswer("postgres", f"{text} [{code}]", code=code)
    if isinstance(error, TimeoutError):
        return TimedOut("postgres", "PostgreSQL did not answer in time.")
    return Unreachable("postgres", f"PostgreSQL cannot be reached: {text}", remedy="Check the profile's postgres address.")


FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError, asyncio.IncompleteReadError)


async def connected(dsn: str, application_name: str) -> Any:
    """Return a bare connection for a session of this room. Raises Unreachable, Refused or TimedOut."""
    try:
        async with asyncio.timeout(CONNECT_S + SLACK_S):
            return await asyncpg.connect(
                dsn, timeout=CONNECT_S, statement_cache_size=0, server_settings={"application_name": application_name[:63]}
            )
    except (ValueError, asyncpg.ClientConfigurationError) as error:
        raise Unreachable(
            "postgres",
            "The postgres address is not a valid DSN.",
            remedy="Write postgres://user:password@host:5432/database, the password URL-encoded.",
        ) from error
    except FAILURES as error:
        raise translate(error) from None


class Postgres:
    """A read-only session. One question at a time; it reconnects once when the server went away between two."""

    system: ClassVar[str] = "postgres"

    def __init__(self, dsn: str, connection: Any, application_name: str) -> None:
        self._dsn = dsn
        self._connection = connection
        self._turn = asyncio.Lock()
        self._queries = 0
        self._time_ms = 0.0
        self._siblings: list[Postgres] = []
        self._watcher: Postgres | None = None
        self._allowance_s = float("inf")
        self.application_name = application_name
        self.version_num = 0
        self.sees_everyone = False
        self.pooled = False

    @classmethod
    async def connect(cls, dsn: str, *, application_name: str = "runbook") -> Postgres:
        """Return an open session whose `version_num`, `sees_everyone` (pg_monitor) and `pooled` are known.

        Raises:
            Unreachable: no answer, no slot, no such role or database, with what to do.

        """
        session = cls(dsn, await connected(dsn, application_name), application_name)
        try:
            await session._learn()
        except RunbookError:
            await session.close()
            raise
        return session

    async def _learn(self) -> None:
        row = (await self.fetch(
            "select current_setting('server_version_num')::int as version, pg_backend_pid() as pid, "
            "pg_has_role('pg_read_all_stats', 'member') as sees"
        ))[0]  # fmt: skip
        self.version_num, self.sees_everyone = row["version"], row["sees"]
        # A pooler hands out a process id of its own in BackendKeyData.
        self.pooled = row["pid"] != self._connection.get_server_pid()

    async def ping(self) -> str:
        """Return the server's version, database, role and time; raise a SystemProblem when it does not answer."""
        row = (
            await self.fetch(
                "select current_setting('server_version') as v, current_database() as d, current_user as u, pg_is_in_recovery() as standby"
            )
        )[0]
        how = ", through a pooler" if self.pooled else ""
        return f"PostgreSQL {row['v'].split()[0]}, database {row['d']} as {row['u']}{how}{', a standby' if row['standby'] else ''}"

    async def identity(self) -> str:
        """Return which server and database this is, the same on every connection and after a restart."""
        return str(
            await self.value(
                "select system_identifier || '/' || (select oid from pg_database where datname = current_database()) from pg_control_system()"
            )
        )

    async def fetch(self, sql: str, *args: Any, limit: int = 1000, timeout_s: float = STATEMENT_S) -> list[Record]:
        """Return up to `limit` rows of one SELECT or VALUES with `$n` bound to `args`.

        Raises:
            TimedOut: the statement or a lock took longer than `timeout_s` / 0.5 s.
            Refused, BadAnswer, Unreachable: as the server answered.

        """
        async with self._reading(timeout_s) as connection:
            await connection.fetch(f"DECLARE runbook NO SCROLL CURSOR FOR {sql}", *args)
            rows = await connection.fetch(f"FETCH FORWARD {int(limit)} FROM runbook")
            return [dict(row) for row in rows]

    async def value(self, sql: str, *args: Any, timeout_s: float = STATEMENT_S) -> Any:
        """Return the first column of the first row, or None."""
        rows = await self.fetch(sql, *args, limit=1, timeout_s=timeout_s)
        return next(iter(rows[0].values())) if rows else None

    async def explain(
        self, sql: str, *args: Any, analyze: bool = False, timing: bool = False, without: Sequence[str] = (), timeout_s: float = STATEMENT_S
    ) -> Record:
        """Return the JSON plan of one statement, with `Plan` at its top.

        A statement with `$n` gets the plan for `args`, or without them its generic plan (prepared, never run). `analyze` runs it, and only
        when the server accepts it as a cursor's query, that is as a plain SELECT; the transaction is read-only and rolled back.
        `timing` also times each node, which costs two looks at the clock a row. `without` are planner settings switched off for this one
        plan, such as `enable_seqscan`.
        """
        options = "FORMAT JSON, VERBOSE, SETTINGS" + (f", ANALYZE, BUFFERS, TIMING {'ON' if timing else 'OFF'}" if analyze else "")
        async with self._reading(timeout_s) as connection:
            for setting in without:
                await connection.fetch("SELECT set_config($1, 'off', true)", setting)
            if analyze:
                await connection.fetch(f"DECLARE runbook NO SCROLL CURSOR FOR {sql}", *args)
            if analyze or args:
                rows = await connection.fetch(f"EXPLAIN ({options}) {sql}", *args)
            else:
                rows = await _generic_plan(connection, sql, options)
        plan: Record = json.loads(rows[0][0])[0]
        return plan

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Let all questions asked meanwhile take `seconds` together, except those with a time-out above STATEMENT_S of their own."""
        self._allowance_s = seconds
        try:
            yield
        finally:
            self._allowance_s = float("inf")

    def _granted(self, timeout_s: float) -> float:
        if timeout_s > STATEMENT_S:
            return timeout_s
        if self._allowance_s < LEAST_S:
            raise TimedOut("postgres", "PostgreSQL took too long over the questions before this one.")
        return min(timeout_s, self._allowance_s)

    @asynccontextmanager
    async def _reading(self, timeout_s: float) -> AsyncIterator[Any]:
        """Hold the turn, inside a read-only transaction that is rolled back whatever happens."""
        counted, timeout_s = timeout_s <= STATEMENT_S, self._granted(timeout_s)
        settings = _SETTINGS.format(statement=max(int(timeout_s * 1000), 1), lock=int(min(timeout_s, LOCK_S) * 1000))
        async with self._turn:
            started = time.perf_counter()
            try:
                async with asyncio.timeout(timeout_s + CONNECT_S + SLACK_S):
                    if self._connection.is_closed():
                        self._connection = await connected(self._dsn, self.application_name)
                    async with asyncio.timeout(timeout_s + SLACK_S):
                        await self._connection.execute(f"BEGIN READ ONLY; {settings}")
                        yield self._connection
            except FAILURES as error:
                if isinstance(error, TimeoutError):
                    self._connection.terminate()  # the server did not even honour its own time-out
                raise translate(error) from None
            finally:
                self._queries += 1
                took_s = time.perf_counter() - started
                self._time_ms += took_s * 1000
                self._allowance_s -= took_s if counted else 0.0
                await self._end()

    async def _end(self) -> None:
        if self._connection.is_closed():
            return
        try:
            async with asyncio.timeout(SLACK_S):
                await self._connection.execute(_END)
        except FAILURES:
            self._connection.terminate()

    async def sibling(self, database: str = "") -> Postgres:
        """Return another read-only session to the same server (to another `database` of it), closed together with this one."""
        dsn = urlunsplit(urlsplit(self._dsn)._replace(path="/" + quote(database, safe=""))) if database else self._dsn
        other = await Postgres.connect(dsn, application_name=self.application_name)
        self._siblings.append(other)
        return other

    async def watcher(self) -> Postgres:
        """Return one more session that stays open, for looking while this one asks: a new one each time costs the server a process."""
        if self._watcher is None or self._watcher._connection.is_closed():
            self._watcher = await self.sibling()
        return self._watcher

    def footprint(self) -> dict[str, float | str]:
        """Return `queries`, `time_ms`, `connections` and the strongest of the `locks` taken so far, siblings included."""
        everyone = [self, *self._siblings]
        return {
            "queries": sum(s._queries for s in everyone),
            "time_ms": round(sum(s._time_ms for s in everyone), 1),
            "connections": len(everyone),
            "locks": "ACCESS SHARE",  # a read-only transaction can take no stronger one on a table
        }

    async def close(self) -> None:
        """Close every connection; never raises."""
        for session in [*self._siblings, self]:
            try:
                await session._connection.close(timeout=SLACK_S)
            except FAILURES:
                session._connection.terminate()


async def _generic_plan(connection: Any, sql: str, options: str) -> list[Any]:
    """EXPLAIN a prepared statement: works with `$n` on every version, through the extended protocol (one statement only)."""
    await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    await connection.fetch(f"PREPARE runbook_explained AS {sql}")
    try:
        types = await connection.fetchval(
            "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'runbook_explained'"
        )
        arguments = f"({', '.join(['NULL'] * types)})" if types else ""
        rows: list[Any] = await connection.fetch(f"EXPLAIN ({options}) EXECUTE runbook_explained{arguments}")
        return rows
    finally:
        await connection.execute("ROLLBACK; DEALLOCATE runbook_explained")


async def open_session(address: str, *, application_name: str) -> Postgres:
    """Return a read-only session; see Postgres.connect."""
    return await Postgres.connect(address, application_name=application_name)
