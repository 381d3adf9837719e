"""Every error a person can meet, split by what they can do about it.

RunbookError
├── UsageError            the call was wrong: nothing was started                     exit 2
│   ├── ParameterError    a parameter is unknown or of the wrong type
│   ├── ProfileError      a profile or a reference in it cannot be read
│   ├── AlertError        an alert cannot be read: where it is wrong, and what is accepted
│   └── PlanError         a batch plan is wrong, all its mistakes at once
├── SystemProblem         a system did not answer as asked: becomes UNKNOWN, never OK
│   ├── Unreachable       it could not be asked at all
│   ├── TimedOut          it did not answer in time
│   ├── Refused           it answered no: privilege, feature, read-only
│   └── BadAnswer         it answered, but the question itself failed
├── FixFailed             a fix could not be applied or undone
├── SecretLeak            a file would have held a known secret: it was not written
├── EvidenceBroken        the evidence does not hash to what it says
└── RunBroken             the run itself broke: a bug, a dead or hung kernel          exit 4
"""

from __future__ import annotations

from difflib import get_close_matches

__all__ = [
    "AlertError",
    "BadAnswer",
    "EvidenceBroken",
    "FixFailed",
    "ParameterError",
    "PlanError",
    "ProfileError",
    "Refused",
    "RunBroken",
    "RunbookError",
    "SecretLeak",
    "SystemProblem",
    "TimedOut",
    "Unreachable",
    "UsageError",
    "near_misses",
]


class RunbookError(Exception):
    """What went wrong, and the next step that would help (`remedy`)."""

    exit_code = 4

    def __init__(self, reason: str, *, remedy: str = "") -> None:
        self.reason = reason
        self.remedy = remedy
        super().__init__(f"{reason} {remedy}".strip())


class UsageError(RunbookError):
    """The call was wrong; nothing was started."""

    exit_code = 2


class ParameterError(UsageError):
    """A parameter is unknown or of the wrong type."""


class ProfileError(UsageError):
    """A profile, or a reference in it, cannot be read."""


class AlertError(UsageError):
    """An alert cannot be read; the reason says where it is wrong."""


class PlanError(UsageError):
    """A batch plan is wrong; `problems` lists every mistake."""

    def __init__(self, problems: list[str], *, remedy: str = "") -> None:
        self.problems = problems
        super().__init__("\n".join(problems), remedy=remedy)


class SystemProblem(RunbookError):
    """A system did not answer as asked; `system` names it."""

    exit_code = 3

    def __init__(self, system: str, reason: str, *, remedy: str = "") -> None:
        self.system = system
        super().__init__(reason, remedy=remedy)


class Unreachable(SystemProblem):
    """The system could not be asked at all."""


class TimedOut(SystemProblem):
    """The system did not answer in time."""


class Refused(SystemProblem):
    """The system answered no: a privilege or a feature is missing."""


class BadAnswer(SystemProblem):
    """The question itself failed; `code` is the server's own (an SQLSTATE, a Redis prefix)."""

    def __init__(self, system: str, reason: str, *, code: str = "", remedy: str = "") -> None:
        self.code = code
        super().__init__(system, reason, remedy=remedy)


class FixFailed(RunbookError):
    """A fix could not be applied or undone."""

    exit_code = 1


class SecretLeak(RunbookError):
    """A file would have held a known secret; it was not written."""


class EvidenceBroken(RunbookError):
    """The evidence does not hash to what it says."""

    exit_code = 1


class RunBroken(RunbookError):
    """The run itself broke; the partial notebook and the evidence are kept."""


def near_misses(word: str, known: list[str]) -> str:
    """Return ` Did you mean …?` for the known words nearest to `word`, or an empty string."""
    close = get_close_matches(word, known, n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(close)}?" if close else ""
