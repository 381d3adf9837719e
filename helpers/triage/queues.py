"""Which walk comes next: each lane has an area; one whose area is done helps where most is left, up to a bound for each area."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from helpers.runner.catalogue import RunbookInfo

__all__ = ["LANES", "Queues"]

LANES = 3  # of each area to begin with, each with sessions of its own
MOST = 6  # walks of one area at a time: a server that is in trouble is not asked by a dozen at once


class Queues:
    """The runbooks that wait, by area, in their order."""

    def __init__(self, infos: Sequence[RunbookInfo]) -> None:
        self._waiting: dict[str, list[RunbookInfo]] = {}
        self._walking: Counter[str] = Counter()
        for info in infos:
            self._waiting.setdefault(info.area, []).append(info)

    @property
    def areas(self) -> list[str]:
        """The areas that have any."""
        return list(self._waiting)

    def take(self, area: str) -> RunbookInfo | None:
        """Return the next runbook for a lane of `area`, of another area where its own has none left; None where nobody needs help."""
        others = sorted(self._waiting, key=lambda name: (name != area, -len(self._waiting[name])))
        found = next((name for name in others if self._waiting[name] and self._walking[name] < MOST), None)
        if found is None:
            return None
        self._walking[found] += 1
        return self._waiting[found].pop(0)

    def again(self, info: RunbookInfo) -> None:
        """Put a runbook back, behind those that were not walked yet: a walk of it has ended, and there is more to try."""
        self.done(info)
        self._waiting[info.area].append(info)

    def done(self, info: RunbookInfo) -> None:
        """Take note that a walk has ended."""
        self._walking[info.area] -= 1
