"""What processes said before they ended: memory that was full, a variable or a module that was missing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from helpers.logs.connect import LogFiles
from helpers.logs.moments import moment
from helpers.results import CheckResult, Status

__all__ = ["LastWords", "last_words", "reason_in"]

_EXITS = "exited with (exit status|code|error)|runtime exited|signal: killed"
_MEMORY = re.compile(r"heap out of memory|reached heap limit|runtime\.outofmemory|out of memory|signal: killed", re.IGNORECASE)
_MODULE = re.compile(r"cannot find (?:module|package) ['\"]([^'\"]{1,120})['\"]|no module named ['\"]([^'\"]{1,120})['\"]", re.IGNORECASE)
# Names of variables are capitals by convention (POSIX, Environment Variables); the words are those of validators: zod, envalid, pydantic, t3-env.
_VARIABLE = re.compile(
    r"(?is)(?:missing|required|not set|undefined|invalid)[^\n]{0,120}?(?:variable|environment|env)\b[^\n]{0,80}?\b([A-Z][A-Z0-9]*_[A-Z0-9_]+)\b"
)
_VARIABLE_FIRST = re.compile(r"\b([A-Z][A-Z0-9]*_[A-Z0-9_]+)\b[^\n]{0,60}?(?i:is (?:not set|missing|required|undefined)|must be set)")
_SAID = """
    select left(body, 4000), cast(timestamp as varchar) from entries
    where severity_text in ('ERROR', 'FATAL', 'CRITICAL') and body is not null and body <> '' order by timestamp limit 20000
"""
_COUNT = "select count(*), cast(max(timestamp) as varchar) from entries where regexp_matches(body, $words, 'i')"


@dataclass(frozen=True, slots=True)
class LastWords:
    """One reason: `memory`, `variable` or `module` with its name; how often it was said, first and last."""

    reason: str
    name: str
    count: int
    first: str
    last: str


async def last_words(logs: LogFiles, *, since: str = "10m", timeout_s: float = 60.0) -> CheckResult[LastWords]:
    """Reasons for which processes end, as error lines say them.

    Args:
        logs: The profile's log files.
        since: From when on: `10m`, a date and time, or empty for all.
        timeout_s: Seconds it may take.

    Returns:
        PROBLEM with a row per reason where processes ended, the most frequent first; OK where none ended. Facts: `exits`, and
        `last_exit`, when the last of them was.

    Source: FAULTS.md B4; Node.js documentation, exit codes.
    """
    lines = await logs.ask(lambda entries: entries.rows(_SAID, {}), moment(since), timeout_s=timeout_s)
    ((exits, last_exit),) = await logs.ask(lambda entries: entries.rows(_COUNT, {"words": _EXITS}), moment(since), timeout_s=timeout_s)
    found: dict[tuple[str, str], list[str]] = {}
    for body, at in lines:
        reason = reason_in(body)
        if reason[0]:
            found.setdefault(reason, []).append(at)
    rows = sorted((LastWords(*reason, len(at), at[0], at[-1]) for reason, at in found.items()), key=lambda row: -row.count)
    if not exits:
        return CheckResult(Status.OK, rows, "No process ended, as far as the log says.", facts={"exits": 0})
    said = f"{exits} processes ended; they said: {', '.join(f'{r.reason} {r.name}'.strip() for r in rows) or 'nothing that is known here'}."
    return CheckResult(Status.PROBLEM, rows, said, facts={"exits": exits, "last_exit": last_exit})


def reason_in(body: str) -> tuple[str, str]:
    """Return the reason a line gives and its name: (`memory`, ``), (`module`, name), (`variable`, NAME); two empty texts for none. Pure."""
    if _MEMORY.search(body):
        return "memory", ""
    module = _MODULE.search(body)
    if module:
        return "module", module[1] or module[2]
    variable = _VARIABLE.search(body) or _VARIABLE_FIRST.search(body)
    return ("variable", variable[1]) if variable else ("", "")
