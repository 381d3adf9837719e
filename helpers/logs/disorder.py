"""Entries that stand behind younger ones in their file: how many, and how far back at most.

Several workers that write to one file swap lines by milliseconds; hours are another clock, a time without its zone, or two logs in one.
"""

# ruff: noqa: S608 - our own text

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from helpers.logs.engine import Logs

__all__ = ["Disorder", "disorder"]

_NEWEST = "max(timestamp) over (rows between unbounded preceding and current row)"


@dataclass(frozen=True, slots=True)
class Disorder:
    """One file: entries older than one before them, of all that have a time, and the most that one is older, in seconds."""

    path: Path
    entries: int
    behind: int
    most_s: float


def disorder(logs: Logs) -> list[Disorder]:
    """Return how far each file is out of order; a file whose entries have no times has none."""
    return [_of(logs, number, file.physical.path) for number, file in enumerate(logs.files)]


def _of(logs: Logs, number: int, path: Path) -> Disorder:
    # without order by, the window runs over the rows as they are read: in the order of the file
    dated = f"select timestamp, {_NEWEST} as newest from file_{number} where timestamp is not null"
    sql = f"select count(*), count(*) filter (where timestamp < newest), max(epoch_us(newest) - epoch_us(timestamp)) / 1e6 from ({dated})"
    entries, behind, most_s = logs.rows(sql)[0]
    return Disorder(path, entries, behind, float(most_s or 0))
