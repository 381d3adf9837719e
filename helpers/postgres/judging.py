"""What most checks share: one bounded question, typed rows, the worst first, and the ways to answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from helpers.postgres.connect import Postgres
from helpers.postgres.sql import load_sql
from helpers.results import CheckResult, Status

__all__ = ["CHECK_S", "GRANT", "age", "ask", "judged", "many", "named", "size", "skipped", "unknown"]

Row = TypeVar("Row")

CHECK_S = 2.0  # a check answers within this or is UNKNOWN: a diagnostic is no load of its own
MOST_ROWS = 200
GRANT = "GRANT pg_monitor TO the diagnostic role."


async def ask(pg: Postgres, module_file: str, row: type[Row], *args: Any, limit: int = MOST_ROWS) -> list[Row]:
    """Return the answer of the `.sql` beside a check as typed rows, at most `limit`, in its order.

    Raises:
        SystemProblem: no answer within CHECK_S, or a refusal.

    """
    found = await pg.fetch(load_sql(module_file, pg.version_num), *args, limit=limit, timeout_s=CHECK_S)
    return [row(**record) for record in found]


def judged(
    rows: Sequence[Row],
    bad: Callable[[Row], bool],
    *,
    problem: Callable[[Sequence[Row]], str],
    fine: str,
    facts: Mapping[str, Any] | None = None,
) -> CheckResult[Row]:
    """Return PROBLEM with the sentence of `problem(bad rows)` when any row is bad, else OK with `fine`; bad rows come first."""
    over = [row for row in rows if bad(row)]
    ordered = [*over, *(row for row in rows if not bad(row))]
    if over:
        return CheckResult(Status.PROBLEM, ordered, problem(over), facts=dict(facts or {}))
    return CheckResult(Status.OK, ordered, fine, facts=dict(facts or {}))


def unknown(reason: str, remedy: str = GRANT, rows: Sequence[Row] = (), facts: Mapping[str, Any] | None = None) -> CheckResult[Row]:
    """Return UNKNOWN with its reason, what would help, and what was learnt all the same."""
    return CheckResult(Status.UNKNOWN, rows, reason=reason, remedy=remedy, facts=dict(facts or {}))


def skipped(reason: str, rows: Sequence[Row] = (), facts: Mapping[str, Any] | None = None) -> CheckResult[Row]:
    """Return SKIPPED: there is nothing of the kind to judge on this server."""
    return CheckResult(Status.SKIPPED, rows, reason=reason, facts=dict(facts or {}))


def many(count: int, one: str, more: str) -> str:
    """Return `1 table is` or `3 tables are`, by the count."""
    return f"{count} {one if count == 1 else more}"


def named(names: Sequence[str], most: int = 3) -> str:
    """Return `a, b, c and 4 more`."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest


def size(size_bytes: float) -> str:
    """Return `12.3 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(size_bytes) < 1024:
            return f"{size_bytes:.3g} {unit}"
        size_bytes /= 1024
    return f"{size_bytes:.3g} TB"


def age(seconds: float) -> str:
    """Return `42 s`, `7 min`, `3.5 h` or `12 d`."""
    for unit, length, until in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172_800)):
        if seconds < until:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds / 86400:.3g} d"
