"""What is tried again: a server that could not be reached, as often as the plan says; what our own disk or a lost worker cut off."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.runner.batches.disk import says_full
from helpers.runner.batches.schema import Retries
from helpers.runner.executor import LOST, NO_SPACE, Outcome

__all__ = ["Again", "Attempts"]

MOST = 3  # a run that fills the disk itself, or kills its workers, is broken


@dataclass(frozen=True, slots=True)
class Again:
    """A run is to be started once more, after `wait_s`; `why` is `unreachable`, `disk full` or `worker lost`."""

    why: str
    number: int
    wait_s: float


class Attempts:
    """How often each run was tried, by (name, why)."""

    def __init__(self, retries: Retries, before: dict[tuple[str, str], int]) -> None:
        self._retries = retries
        self._count = dict(before)

    def after(self, name: str, outcome: Outcome) -> Again | None:
        """Return whether, and when, a run that ended so is tried again; that it is, is counted."""
        why, most, wait_s = self._policy(outcome)
        number = self._count.get((name, why), 0) + 1
        if not why or number > most:
            return None
        self._count[name, why] = number
        return Again(why, number, wait_s * 2 ** (number - 1))

    def of(self, name: str) -> int:
        """Return how often a run was started, the last time included."""
        return 1 + sum(number for (run, _), number in self._count.items() if run == name)

    def _policy(self, outcome: Outcome) -> tuple[str, int, float]:
        if outcome.verdict == LOST:
            return "worker lost", MOST, 0.0
        if outcome.verdict == NO_SPACE or (outcome.verdict in ("broken", "refused") and says_full(outcome.summary)):
            return "disk full", MOST, 0.0
        if outcome.verdict == "unreachable":
            return "unreachable", self._retries.unreachable, self._retries.wait_s
        return "", 0, 0.0
