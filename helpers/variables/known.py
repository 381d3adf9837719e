"""The rows that the sources of environment variables give: what is set where, what the code reads, what git's history holds."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["CommittedEnv", "EnvRead", "Variable"]


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable as one source has it, for the `environments` it names; `digest` is salted, and empty where the value is not known.

    `source` is `vercel` or a file, `branch` that of an override for one branch, `changed_at` UTC (a file's: when it was written),
    `looks` the words of `Hidden`.
    """

    name: str
    environments: list[str]
    source: str
    kind: str = ""
    changed_at: str = ""
    branch: str = ""
    digest: str = ""
    looks: list[str] = field(default_factory=list)

    @property
    def is_known(self) -> bool:
        """Whether something can be said of its value."""
        return bool(self.digest) or "empty" in self.looks


@dataclass(frozen=True, slots=True)
class EnvRead:
    """One place where the code reads a variable; `need` is `required`, `optional` (it has a default or is asked for first) or `unknown`."""

    name: str
    file: str
    line: int
    need: str
    how: str

    @property
    def place(self) -> str:
        """Return `file:line`."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class CommittedEnv:
    """One variable of a `.env` file that a commit holds, with a value that is no placeholder; `at` is UTC, `tracked` whether HEAD has the file."""

    name: str
    file: str
    commit: str
    at: str
    tracked: bool
    digest: str
    looks: list[str] = field(default_factory=list)
