"""Lend the systems that are open already to the incidents that are opened meanwhile: triage walks many runbooks, and pings once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from helpers.contracts import Probe, Sample
from helpers.incident.systems import Systems

__all__ = ["Loan", "Taken", "lent", "lent_now"]


class Taken:
    """What probes that make load have measured for one walk and need not measure for another."""

    def __init__(self) -> None:
        self._kept: list[tuple[Probe, int, list[Sample]]] = []

    def find(self, probe: Probe, after: int) -> list[Sample] | None:
        """Return what a like probe measured when it had as many samples already (`after`); None where none did, or it chose its own target."""
        like = (s for p, n, s in self._kept if n == after and type(p) is type(probe) and vars(p) == vars(probe))
        return next(like, None)

    def keep(self, probe: Probe, after: int, samples: list[Sample]) -> None:
        """Keep what was measured."""
        self._kept.append((probe, after, samples))


@dataclass(frozen=True, slots=True)
class Loan:
    """Systems that answered or did not (`answers`: system → (ok, who or why not)), and the folder the incident's evidence goes to.

    `taken` is shared by the walks of one triage.
    """

    systems: Systems
    answers: Mapping[str, tuple[bool, str]]
    folder: Path
    taken: Taken = field(default_factory=Taken)


_LENT: ContextVar[Loan | None] = ContextVar("lent", default=None)


@contextmanager
def lent(loan: Loan) -> Iterator[None]:
    """Let incidents that this task opens meanwhile use `loan`; they neither ping nor close what is not theirs."""
    token = _LENT.set(loan)
    try:
        yield
    finally:
        _LENT.reset(token)


def lent_now() -> Loan | None:
    """Return the loan of the running task, or None."""
    return _LENT.get()
