"""Everything the checks say, in one table: what is worth a look comes first.

Each check that needs nothing but a connection is asked once, one after the other. A file added to the folder is asked too.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from helpers.errors import SystemProblem, Unreachable
from helpers.folder import load_member, stems
from helpers.postgres.connect import Postgres
from helpers.results import CheckResult, Status

__all__ = ["Answer", "judge", "overview", "quick_checks", "worth_a_look"]

BUDGET_S = 60.0
ONE_S = 10.0  # most ask once or twice, each question bounded
_ORDER = (Status.PROBLEM, Status.UNKNOWN, Status.OK, Status.SKIPPED)
_Check = Callable[..., Awaitable[CheckResult[Any]]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one check said: `said` is its summary, or why it has none; ask it by `check` for its rows."""

    check: str
    title: str
    status: Status
    said: str
    remedy: str
    rows: int
    took_ms: float


async def overview(pg: Postgres, *, budget_s: float = BUDGET_S) -> CheckResult[Answer]:
    """The answer of every check that can be asked without arguments, problems first, then what could not be told.

    Args:
        pg: Read-only session.
        budget_s: Seconds for all of them; what was not reached is UNKNOWN.

    Returns:
        One row per check. PROBLEM when any says so; UNKNOWN when none does but some could not tell; OK otherwise.

    Raises:
        Unreachable: the server is gone before the first answer.

    Source: the checks' own.

    """
    answers: list[Answer] = []
    gone, until = "", time.monotonic() + budget_s
    for name, check in quick_checks().items():
        late = "" if time.monotonic() < until else f"Not asked: {budget_s:g} s were over."
        if gone or late:
            answers.append(Answer(name, _title(check), Status.UNKNOWN, gone or late, "", 0, 0.0))
            continue
        try:
            answers.append(await _answer(pg, name, check))
        except Unreachable as problem:
            if not answers:
                raise
            gone = f"Not asked: {problem.reason}"
            answers.append(Answer(name, _title(check), Status.UNKNOWN, problem.reason, problem.remedy, 0, 0.0))
    return judge(answers)


def quick_checks() -> dict[str, _Check]:
    """Return name → check for those of this folder that return rows and take neither arguments nor a while."""
    found = {name: load_member(f"{__package__}.{name}") for name in stems(__file__, (".",)) if name != Path(__file__).stem}
    return {name: check for name, check in found.items() if _is_quick(check)}


def _is_quick(check: Any) -> bool:
    signature = inspect.signature(check)
    parameters = list(signature.parameters.values())[1:]
    waits = any(p.name in ("window_s", "watch_s", "pause_s") and p.default for p in parameters)
    return str(signature.return_annotation).startswith("CheckResult") and not waits and all(p.default is not p.empty for p in parameters)


async def _answer(pg: Postgres, name: str, check: _Check) -> Answer:
    result: CheckResult[Any]
    began = time.perf_counter()
    try:
        async with asyncio.timeout(ONE_S):
            result = await check(pg)
    except Unreachable:
        raise
    except SystemProblem as problem:
        result = CheckResult(Status.UNKNOWN, reason=problem.reason, remedy=problem.remedy)
    except TimeoutError:
        result = CheckResult(Status.UNKNOWN, reason=f"No answer within {ONE_S:g} s.")
    took = round((time.perf_counter() - began) * 1000, 1)
    return Answer(name, _title(check), result.status, result.summary or result.reason, result.remedy, len(result), took)


def _title(check: _Check) -> str:
    return (sys.modules[check.__module__].__doc__ or "").partition("\n")[0].rstrip(".")


def judge(answers: Sequence[Answer]) -> CheckResult[Answer]:
    """Return the status of all answers together; pure."""
    rows = sorted(answers, key=lambda a: (_ORDER.index(a.status), a.check))
    counts = {status: sum(a.status == status for a in rows) for status in _ORDER}
    said = ", ".join(f"{n} {status}" for status, n in counts.items() if n)
    facts = {"took_ms": round(sum(a.took_ms for a in rows), 1), **{status.value.lower(): n for status, n in counts.items()}}
    if counts[Status.PROBLEM]:
        return CheckResult(Status.PROBLEM, rows, f"{len(rows)} checks: {said}.", facts=facts)
    if counts[Status.UNKNOWN]:
        first = next(a for a in rows if a.status == Status.UNKNOWN)
        return CheckResult(
            Status.UNKNOWN, rows, reason=f"{len(rows)} checks: {said}; no problem was seen by the others.", remedy=first.remedy, facts=facts
        )
    return CheckResult(Status.OK, rows, f"{len(rows)} checks: {said}.", facts=facts)


def worth_a_look(found: CheckResult[Answer]) -> CheckResult[Answer]:
    """Return the same answer with only the problems, and what nobody could tell, as rows; pure."""
    return replace(found, rows=[a for a in found if a.status in (Status.PROBLEM, Status.UNKNOWN)])
