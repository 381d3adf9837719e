"""Where every line of the log files went."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from helpers.logs.account import FileAccount
from helpers.logs.connect import LogFiles
from helpers.logs.engine import Logs
from helpers.logs.moments import moment
from helpers.results import CheckResult, Status

__all__ = ["FileLines", "where_lines_went"]


@dataclass(frozen=True, slots=True)
class FileLines:
    """One file: parsed + rejected + blank + unfinished = lines, of what was read of it; `not_converted` fields of entries are NULL."""

    file: str
    format: str
    lines: int
    parsed: int
    rejected: int
    blank: int
    unfinished: int
    not_converted: int
    note: str


async def where_lines_went(logs: LogFiles, *, since: str = "1h", timeout_s: float = 60.0) -> CheckResult[FileLines]:
    """One row per file that was written to since then.

    Args:
        logs: The profile's log files.
        since: From when on: `30m`, `2h`, a date and time, or empty for all.
        timeout_s: Seconds it may take.

    Returns:
        OK; PROBLEM when more lines were rejected than read, or an archive is cut.

    """

    def ask(entries: Logs) -> tuple[list[FileAccount], dict[Path, str]]:
        return entries.account(), dict(entries.window.whole)

    accounts, whole = await logs.ask(ask, moment(since), timeout_s=timeout_s)
    rows = []
    for one in accounts:
        notes = ["the archive is cut"] if one.truncated else []
        notes += [f"read whole: {whole[one.path]}"] if one.path in whole else []
        lost = sum(one.mismatched.values())
        row = FileLines(one.path.name, one.format, one.lines, one.parsed, one.rejected, one.blank, one.unfinished, lost, "; ".join(notes))
        rows.append(row)
    bad = [one.path.name for one in accounts if one.truncated or one.rejected > one.parsed]
    said = f"{sum(row.lines for row in rows):,} lines of {len(rows)} files read, {sum(row.rejected for row in rows):,} rejected."
    return CheckResult(Status.PROBLEM if bad else Status.OK, rows, said + (f" Look at {', '.join(bad)}." if bad else ""))
