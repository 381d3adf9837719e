"""Whether prepared statements get lost between transactions in the connection pooler, and whose they are.

Told apart: a pooler that carries them over (PgBouncer 1.21+ with max_prepared_statements, session pooling), a plan that a schema change
made invalid (0A000), a start-up parameter the pooler refuses, and a pool that is too small for its clients.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from helpers.postgres.checks.pooled_statements import PooledStatement
from helpers.postgres.connect import Postgres
from helpers.postgres.pooling.drivers import driver_of, statement_in
from helpers.postgres.pooling.facts import Measured, measure
from helpers.postgres.probes.pooled_transactions import NO_POOLER, REMEDY
from helpers.results import CheckResult, Diagnosis, Status

__all__ = ["judge", "pooler_prepared_statements"]

FEW_PCT = 1.0
LONG_WAIT_MS = 100.0  # a pool with a free server connection lends it within a round trip; users notice 100 ms (Nielsen 1993)
# Not over prepared statements, whatever the pooler does: the application's error message says so.
OTHER_ERRORS = (
    (r"unsupported startup parameter", "The pooler refuses a start-up parameter: leave it out, or list it in ignore_startup_parameters."),
    (r"max_client_conn", "The pooler has no room for more clients (max_client_conn)."),
    (r"query_wait_timeout", "Clients wait too long for a server connection (query_wait_timeout): the pool is too small, or held."),
)


async def pooler_prepared_statements(
    pg: Postgres, *, pooler: str = "", error: str = "", statements: CheckResult[PooledStatement] | None = None
) -> Diagnosis:
    """Whose prepared statements the pooler loses, proven by the same transactions with and without them.

    Args:
        pg: Read-only session.
        pooler: As for the probe pooled_transactions.
        error: What the application logs, such as `prepared statement "…" does not exist`; empty: unknown.
        statements: What pooled_statements found.

    Returns:
        PROBLEM with code pooler_prepared_statements and subject `PgBouncer (transaction pooling) + asyncpg`, or
        `prepared statements of <application_name>` where the driver cannot be told; schema_drift when the error is 0A000; OK when
        the pooler carries them over or nobody uses any; UNKNOWN without a pooler, or when the evidence does not decide.

    Raises:
        SystemProblem: the pooler or the server does not answer.

    Source: PgBouncer's manual and FAQ on prepared statements; PostgreSQL manual, appendix of error codes.

    """
    if not pooler and not pg.pooled:
        return Diagnosis(Status.UNKNOWN, summary=f"{NO_POOLER} {REMEDY}")
    return judge(await measure(pg, pooler), statements, error=error)


def judge(measured: Measured, statements: CheckResult[PooledStatement] | None, *, error: str = "") -> Diagnosis:
    """Return what the measurements, the statements found and the application's error add up to; pure."""
    if not measured.pooled:
        return Diagnosis(
            Status.OK, summary="No pooler there: the address reaches PostgreSQL itself, where a session keeps what it prepared."
        )
    if not measured.same_server:
        return Diagnosis(Status.UNKNOWN, summary="The pooler leads to another server or database than the profile's postgres.")
    elsewhere = _another_error(error) or _broken_anyway(measured)
    if elsewhere is not None:
        return elsewhere
    rows = list(statements.rows) if statements is not None else []
    used, claimed = [row for row in rows if row.in_use], statement_in(error)
    if not measured.prepared.prepared_errors:
        return _carried(measured, error)
    if used or claimed:
        return _named(measured, used, claimed, statements.facts.get("applications", []) if statements is not None else [])
    if rows or statements is None or statements.status is Status.UNKNOWN:
        summary = "The pooler loses prepared statements; whether an application uses any now was not seen. "
        return Diagnosis(Status.UNKNOWN, summary=summary + "Give the message it logs as `error`, or look again under its traffic.")
    return Diagnosis(
        Status.OK,
        summary="The pooler loses prepared statements, and no application is seen to use any on the server connections of this role's pool.",
    )


def _another_error(error: str) -> Diagnosis | None:
    if "0A000" in error or "cached plan must not change result type" in error:
        text = "The error is 0A000: a schema change made a prepared plan invalid, which happens with and without a pooler."
        return Diagnosis(Status.PROBLEM, "schema_drift", "prepared plans from before a schema change", text)
    for pattern, sentence in OTHER_ERRORS:
        if re.search(pattern, error):
            return Diagnosis(Status.UNKNOWN, summary=f"{sentence} That has nothing to do with prepared statements.")
    return None


def _broken_anyway(measured: Measured) -> Diagnosis | None:
    """What would fail, or wait, without prepared statements or without the pooler as well."""
    direct, plain = measured.direct, measured.plain
    if direct is not None and direct.codes:
        return Diagnosis(Status.UNKNOWN, summary=f"Without the pooler {direct}: it is not the pooler. {direct.error}")
    if 100 * sum(plain.codes.values()) > FEW_PCT * len(plain.samples):
        return Diagnosis(Status.UNKNOWN, summary=f"Through the pooler {plain}, without any prepared statement too. {plain.error}")
    if plain.wait_ms > LONG_WAIT_MS and not measured.prepared.prepared_errors:
        text = f"A transaction waits {plain.wait_ms:.0f} ms in the pooler before it begins: its pool is too small, or its connections are held."
        queue = f" Its console shows {measured.pooler.waiting} clients waiting, the longest for {measured.pooler.maxwait_s:.1f} s."
        return Diagnosis(Status.UNKNOWN, summary=text + (queue if measured.pooler.waiting else ""))
    return None


def _carried(measured: Measured, error: str) -> Diagnosis:
    text = f"Through {measured.pooler} {measured.prepared}, with prepared statements: it carries them over, or pools sessions."
    if error:
        return Diagnosis(Status.UNKNOWN, summary=f"{text} So the error given does not come about this way now.")
    return Diagnosis(Status.OK, summary=text)


def _named(measured: Measured, used: Sequence[PooledStatement], claimed: str, applications: Sequence[str]) -> Diagnosis:
    driver = driver_of(claimed) or next((row.driver for row in used if row.driver), "")
    application = next((row.application_name for row in used if row.application_name), "") or next(iter(applications), "")
    kind = measured.pooler.kind or "pooler"
    subject = f"{kind} (transaction pooling) + {driver}" if driver else f"prepared statements of {application or 'an unnamed application'}"
    share = f"{100 * measured.prepared.prepared_errors / len(measured.prepared.samples):.0f} %"
    target: dict[str, Any] = {"driver": driver, "application_name": application, "pooler_version": measured.pooler.version}
    return Diagnosis(
        Status.PROBLEM, "pooler_prepared_statements", subject,
        f"{kind if kind != 'pooler' else 'The pooler'} lends another server connection for each transaction, so {share} of those with prepared statements fail.",
        target, because=_because(measured, used, claimed), facts=_facts(measured),
    )  # fmt: skip


def _because(measured: Measured, used: Sequence[PooledStatement], claimed: str) -> list[str]:
    said = [f"Through the pooler, with prepared statements, {measured.prepared}: {measured.prepared.error}"]
    if measured.direct is not None:
        said.append(f"Without the pooler, with prepared statements, {measured.direct}.")
    said.append(f"Through the pooler, without prepared statements, as the proposed setting makes it, {measured.plain}.")
    if used:
        names = sorted({row.statement for row in used})
        said.append(f"On server connections that clients share, {len(names)} prepared statements are in use, such as {names[0]}.")
    if claimed:
        said.append(f"The application's own error names the prepared statement {claimed}.")
    if measured.pooler.version:
        can = "could carry them with max_prepared_statements > 0" if measured.pooler.can_carry else "cannot carry them (1.21 and later can)"
        how = ", ".join(f"{name} = {value}" for name, value in measured.pooler.settings.items())
        said.append(f"It is {measured.pooler}, which {can}{f'; {how}' if how else ''}.")
    return said


def _facts(measured: Measured) -> dict[str, Any]:
    tallies = {"prepared": measured.prepared, "plain": measured.plain, "direct": measured.direct}
    numbers = {name: {"n": len(t.samples), "codes": dict(t.codes), "wait_ms": round(t.wait_ms, 1)} for name, t in tallies.items() if t}
    return {**numbers, "pooler": measured.pooler.kind, "version": measured.pooler.version, "settings": measured.pooler.settings}
