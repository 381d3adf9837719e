"""The three shapes a system's folder is made of: probe, check and fix.

A check is an async function `check(session, **arguments) -> CheckResult | Diagnosis`; its first parameter is
annotated with the session class, whose `system` says which system it asks. A probe and a fix are classes here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

from helpers.errors import FixFailed

__all__ = ["Fix", "FixPreview", "Probe", "Proposal", "Sample", "Session", "Sessions"]


@runtime_checkable
class Session(Protocol):
    """One read-only connection to one system."""

    system: ClassVar[str]

    async def ping(self) -> str:
        """Return who answers (`PostgreSQL 18.1, database app as reader`); raise a SystemProblem otherwise."""
        ...

    async def identity(self) -> str:
        """Return which server this is, however it is reached; empty where that cannot be told."""
        ...

    async def close(self) -> None:
        """Give everything back; never raises."""
        ...

    def footprint(self) -> Mapping[str, float | str]:
        """Return what this session cost the system so far (`queries`, `time_ms`, …)."""
        ...


Sessions = Mapping[str, Any]
"""The sessions of one incident by system name; a system the profile lacks, or that is down, is absent."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement: `value` in the probe's unit, `at_s` since the probe began, and the error if it failed.

    A call that timed out has its time-out as value: a hang must not vanish from a percentile.
    """

    value: float
    at_s: float
    ok: bool = True
    error: str = ""


class Probe(ABC):
    """A repeatable measurement of one symptom.

    `metric` names the unit suffix of its statistics (`ms`, `s`, `count`); `needs` the system it asks; `passive`
    probes watch live traffic and make no load of their own.
    `applies` is False when its parameters are empty: the next probe offered is taken instead.
    """

    needs: ClassVar[str]
    metric: ClassVar[str] = "ms"
    also: ClassVar[tuple[str, ...]] = ()  # further systems whose sessions it reads, where the profile has them and they answer
    passive: ClassVar[bool] = False
    sequential: ClassVar[bool] = False  # one request after the other: next to nothing as load, so others may measure beside it

    @property
    @abstractmethod
    def name(self) -> str:
        """What is measured, for people: `GET /orders?customer_id=42`."""

    @property
    def applies(self) -> bool:
        """Whether there is something to measure."""
        return True

    @abstractmethod
    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Take the samples, warm-up excluded. Raises SystemProblem when the system cannot be asked."""

    def shorter(self) -> Probe:
        """Return the same probe with as few samples as make load for a check that watches; itself by default."""
        return self

    def settings(self) -> dict[str, Any]:
        """Return the JSON values that describe how it measures (samples, concurrency, time-out, warm-up)."""
        return asdict(self) if is_dataclass(self) else {}


@dataclass(frozen=True, slots=True)
class FixPreview:
    """What a fix would do, read from the server without changing it.

    `statements` are exact. `inverse` is JSON that `Fix.undo` needs, `undo_statements` the same for people.
    `needed` is False when things already are as wanted. `effects` are locks, rows, sizes and warnings as sentences;
    `advice` what keeps it from coming back, for the report's follow-ups.
    """

    statements: Sequence[str]
    undo_statements: Sequence[str] = ()
    inverse: dict[str, Any] = field(default_factory=dict)
    effects: Sequence[str] = ()
    advice: Sequence[str] = ()
    needed: bool = True


class Fix(ABC):
    """One change to one system: preview, apply, read back, undo. Subclasses are frozen dataclasses of JSON values.

    `reversible` False means there is no inverse, and the preview says so; `applicable` False that it is a Proposal.
    """

    needs: ClassVar[str]
    reversible: ClassVar[bool] = True
    applicable: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """The fix's file name, a verb and its object: `create_index`."""
        return type(self).__module__.rpartition(".")[2]

    @abstractmethod
    async def preview(self, session: Any) -> FixPreview:
        """Return what would change. Read-only. Raises ParameterError on impossible targets, FixFailed if refused."""

    @abstractmethod
    async def apply(self, writer: Any, preview: FixPreview) -> None:
        """Change it, re-checking the target just before. Raises FixFailed; leaves nothing half done behind."""

    @abstractmethod
    async def read_back(self, session: Any) -> str:
        """Return the sentence that says the change is in place, as read from the server; raise FixFailed if not."""

    @abstractmethod
    async def undo(self, writer: Any, inverse: dict[str, Any]) -> None:
        """Put everything back as `inverse` says. Idempotent: runs after a crash at any point of `apply`."""

    def told(self, tell: Callable[[str], None]) -> Fix:
        """Return this fix, which will tell `tell` how far it is while it changes things; most are done at once and say nothing."""
        return self

    def patch(self, preview: FixPreview) -> str:
        """Return the fix as text for the code base (a migration), or an empty string when it is not code."""
        return ""

    def arguments(self) -> dict[str, Any]:
        """Return the JSON values that make this fix again."""
        if not is_dataclass(self):
            raise TypeError(f"{type(self).__name__} must be a dataclass of JSON values")
        return asdict(self)


class Proposal(Fix):
    """A fix that is text for the code base or its settings (a migration, a patch): previewed, and never applied by a runbook.

    A subclass gives `preview` (the effects and advice; its statements are those a person would run) and `patch`. One that `places` keeps
    the patch, on `--apply`, where a person takes it from: a branch in a checkout. That changes no system that runs; `undo` takes it away.
    """

    reversible: ClassVar[bool] = False
    applicable: ClassVar[bool] = False
    places: ClassVar[bool] = False

    async def place(self, writer: Any, preview: FixPreview) -> str:
        """Keep the patch where a person takes it from, and return the sentence that says where. Raises FixFailed."""
        raise FixFailed(f"{self.name} is text only.")

    async def apply(self, writer: Any, preview: FixPreview) -> None:
        """Raise FixFailed: nothing is applied."""
        raise FixFailed(f"{self.name} is a proposal: a person applies it.")

    async def read_back(self, session: Any) -> str:
        """Raise FixFailed: nothing was applied."""
        raise FixFailed(f"{self.name} is a proposal: nothing was applied.")

    async def undo(self, writer: Any, inverse: dict[str, Any]) -> None:
        """Raise FixFailed: nothing was applied."""
        raise FixFailed(f"{self.name} is a proposal: nothing was applied.")
