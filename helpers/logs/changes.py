"""From when on more requests go wrong: failures and slowness together, else failures alone.

What was always slow and begins to fail is no larger share that goes wrong, and yet it changed. Each of the two looks has half of the error
that is allowed (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.logs.onset import FEWEST, P, pettitt

__all__ = ["FAILED", "WRONG", "Change", "Rows", "change_of", "share"]

Rows = Sequence[tuple[Any, ...]]
WRONG, FAILED = 2, 3  # columns of hit_by_time.sql


@dataclass(frozen=True, slots=True)
class Change:
    """The first row of those after it (0: there is none), by which column, and whether there was enough to tell."""

    place: int = 0
    column: int = WRONG
    is_told: bool = True

    @property
    def what(self) -> str:
        """What the requests do that are counted."""
        return "fail" if self.column == FAILED else "fail or are slow"

    def sides(self, series: Rows) -> tuple[Rows, Rows]:
        """Return the rows before and after."""
        return series[: self.place], series[self.place :]


def change_of(series: Rows) -> Change:
    """Return where the rows of hit_by_time.sql change for the worse, by Pettitt's test; pure."""
    if len(series) < FEWEST:
        return Change(is_told=False)
    for column in (WRONG, FAILED):
        place, p = pettitt([row[column] / row[1] for row in series])
        if p < P / 2 and share(series[place:], column) > share(series[:place], column):
            return Change(place, column)
    return Change()


def share(series: Rows, column: int) -> float:
    """Return what per cent of the requests that column counts."""
    part, whole = (float(sum(row[number] for row in series)) for number in (column, 1))
    return 100 * part / max(whole, 1.0)
