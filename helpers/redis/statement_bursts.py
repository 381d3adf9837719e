"""Which of PostgreSQL's statements came in a burst, from pg_stat_statements read before, at and after a moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from helpers.errors import ProfileError, SystemProblem
from helpers.redaction import mask_literals

__all__ = ["Calls", "risen", "statement_calls"]

TIMES = 5.0  # a burst is this many times what was before
FEWEST = 3
SHOWN = 200
_STATEMENTS = "select queryid::text as id, calls, query from pg_stat_statements where calls > 1 order by calls desc"

Calls = Mapping[str, tuple[int, str]]


async def statement_calls(systems: Callable[[str], Awaitable[Any]] | None, notes: list[str]) -> Calls:
    """Return the calls and text of PostgreSQL's statements by id, empty where it cannot tell; the reason is added to `notes`."""
    if systems is None:
        return {}
    try:
        rows = await (await systems("postgres")).fetch(_STATEMENTS, limit=500)
    except (SystemProblem, ProfileError) as problem:
        notes.append(f"PostgreSQL's statements could not be read: {problem.reason}")
        return {}
    return {row["id"]: (int(row["calls"]), str(row["query"])) for row in rows if row["id"]}


def risen(first: Calls, second: Calls, third: Calls, *, calm_s: float, burst_s: float) -> list[str]:
    """Return sentences on the statements that came TIMES as often in the burst as before, those with most calls first; pure.

    Args:
        first: The calls at the beginning.
        second: The calls `calm_s` seconds later, when the burst began.
        third: The calls `burst_s` seconds after that.
        calm_s: Seconds.
        burst_s: Seconds.

    """
    found = []
    for one, (calls, query) in third.items():
        began = second.get(one, (0, ""))[0]
        calm, more = (began - first.get(one, (0, ""))[0]) / max(calm_s, 0.1), calls - began
        if second and more >= FEWEST and more / max(burst_s, 0.1) >= TIMES * calm:
            said = (
                f"PostgreSQL ran this {more:,} times in {burst_s:.1f} s, {calm:.1f} times a second before: {mask_literals(query)[:SHOWN]}"
            )
            found.append((more, said))
    return [said for _, said in sorted(found, reverse=True)[:2]]
