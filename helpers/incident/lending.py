"""Lend the systems that are open already to the incidents that are opened meanwhile: triage walks many runbooks, and pings once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from helpers.incident.systems import Systems

__all__ = ["Loan", "lent", "lent_now"]


@dataclass(frozen=True, slots=True)
class Loan:
    """Systems that answered or did not (`answers`: system → (ok, who or why not)), and the folder the incident's evidence goes to."""

    systems: Systems
    answers: Mapping[str, tuple[bool, str]]
    folder: Path


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
