"""Which statement one request sends again for every row of another: the N+1 pattern.

Rests on what the server counted while requests were made, and on the code, which shows the loop. Told apart: one slow statement (few
calls, much time each), other traffic that sends the same statement, statements that others send meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.postgres.connect import Postgres
from helpers.results import CheckResult, Diagnosis, Status

__all__ = ["Seen", "judge", "n_plus_one", "said_shortly"]

CODE = "n_plus_one"
MANY = 10.0  # calls of one statement by one request (FAULTS.md, section 6)
LONG_MS = 20.0  # pghero: from here on a statement is slow by itself
LONGEST = 160

Answer = CheckResult[Any] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts the judgement rests on: statements with `calls_per_request`, and queries that the code sends in loops."""

    endpoint: str
    statements: Sequence[Any] = ()
    loops: Sequence[Any] | None = None
    lacking: str = ""


async def n_plus_one(pg: Postgres, *, statements: Answer = None, loops: Answer = None, endpoint: str = "") -> Diagnosis:
    """The statement that is sent again for every row.

    Args:
        pg: The server that the others' answers are about.
        statements: Of postgres.statements_by_total_time, taken while requests of the endpoint were made.
        loops: Of git.queries_in_loops.
        endpoint: The request.

    Returns:
        PROBLEM with `METHOD /path → statement` as subject; OK when no statement is sent often; UNKNOWN when the server does not count calls.

    Source: FAULTS.md A5.
    """
    known = statements is not None and statements.status in (Status.OK, Status.PROBLEM)
    return judge(
        Seen(
            endpoint,
            list(statements.rows) if known and statements is not None else [],
            list(loops.rows) if loops is not None and loops.status in (Status.OK, Status.PROBLEM) else None,
            "" if known else f"{statements.reason} {statements.remedy}" if statements is not None else "No statements were counted.",
        )
    )


def judge(seen: Seen) -> Diagnosis:
    """Return what the facts add up to; pure."""
    counted = [row for row in seen.statements if row.calls_per_request is not None]
    if not counted:
        why = seen.lacking or "No calls were counted while requests were made: pg_stat_statements is needed, and an endpoint."
        return Diagnosis(Status.UNKNOWN, summary=why.strip(), facts={"statements": len(seen.statements)})
    top = max(counted, key=lambda row: row.calls_per_request)
    facts = {
        "calls_per_request": round(top.calls_per_request, 1),
        "mean_ms": round(top.mean_ms, 3),
        "rows_per_call": round(top.rows_per_call, 1),
    }
    if top.calls_per_request < MANY:
        said = f"No statement is sent often: at most {top.calls_per_request:.1f} times in one request."
        return Diagnosis(Status.OK, summary=said, facts=facts)
    return _named(seen, top, _loop_of(top, seen.loops), facts)


def _named(seen: Seen, top: Any, loop: Any, facts: dict[str, Any]) -> Diagnosis:
    subject = f"{_route_of(seen.endpoint)} → {said_shortly(str(top.query))}"
    because = [
        f"One request sends it {top.calls_per_request:.0f} times; each takes {top.mean_ms:.2f} ms on the server and returns {top.rows_per_call:.1f} rows.",
        *([f"The code agrees: {loop.file}:{loop.line} sends it in the loop at {loop.loop_file}:{loop.loop_line}."] if loop else []),
    ]
    against = [f"Each call is slow by itself ({top.mean_ms:.0f} ms): see missing_index too."] if top.mean_ms >= LONG_MS else []
    if seen.loops is not None and loop is None:
        against.append(
            "The code of the profile shows no loop around this statement: it may be another version, or an ORM that loads lazily."
        )
    summary = (
        f"A request of {_route_of(seen.endpoint)} sends one statement {top.calls_per_request:.0f} times, once for each row of another."
    )
    target = {"statement": getattr(top.query, "raw", str(top.query)), "where": f"{loop.file}:{loop.line}" if loop else ""}
    return Diagnosis(Status.PROBLEM, CODE, subject, summary, target, because, against, facts, fix="batch_statement")


def _loop_of(top: Any, loops: Sequence[Any] | None) -> Any:
    wanted = _bare(getattr(top.query, "raw", str(top.query)))
    return next((loop for loop in loops or () if loop.sql and _bare(loop.sql) == wanted), None)


def _bare(statement: str) -> str:
    """Return a statement without what pg_stat_statements or a driver changes of it: comments, constants, parameters, whitespace, case."""
    text = re.sub(r"/\*.*?\*/|--[^\n]*", " ", statement, flags=re.S)
    text = re.sub(r"\$\d+|%\(\w+\)s|%s|:\w+|'(?:[^']|'')*'|\b\d+\b", "?", text)
    return " ".join(text.lower().split()).rstrip("; ")


def said_shortly(statement: str) -> str:
    """Return a statement on one line, cut to LONGEST characters."""
    folded = " ".join(statement.split())
    return folded if len(folded) <= LONGEST else folded[: LONGEST - 1] + "…"


def _route_of(endpoint: str) -> str:
    return endpoint.strip().partition("?")[0] or "the live traffic"
