"""Questions to the logs, one SQL file each: `-- ` lines say what it returns, `$name` are its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from helpers.errors import ParameterError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Entries", "analyse", "analyses", "sql_of"]

_HERE = Path(__file__).parent


class Entries(Protocol):
    """Log entries of the schema that answer SQL in DuckDB's dialect, on whatever engine they lie: `entries` is their table."""

    def frame(self, sql: str, parameters: dict[str, Any], /) -> pd.DataFrame:
        """Return the rows of one query."""
        ...

    def define(self, statement: str, /) -> None:
        """Run a statement that makes a macro for the queries to come."""
        ...

    def rows(self, sql: str, parameters: dict[str, Any], /) -> Sequence[tuple[Any, ...]]:
        """Return the rows of one query, as tuples."""
        ...


def analyses() -> dict[str, str]:
    """Return name → what it answers, the first line of its file."""
    return {path.stem: path.read_text(encoding="utf-8").splitlines()[0].removeprefix("-- ") for path in sorted(_HERE.glob("*.sql"))}


def sql_of(name: str) -> str:
    """Return an analysis' SQL. Raises ParameterError when there is none of that name."""
    path = _HERE / f"{name}.sql"
    if name not in analyses():
        raise ParameterError(f"There is no analysis {name!r}.", remedy=f"Known: {', '.join(analyses())}.")
    return path.read_text(encoding="utf-8")


def analyse(logs: Entries, name: str, **parameters: Any) -> pd.DataFrame:
    """Return the rows of one analysis over the logs.

    Args:
        logs: Open logs.
        name: The analysis' file name.
        parameters: Its `$name` parameters, all of them.

    Raises:
        ParameterError: there is none of that name.

    """
    return logs.frame(sql_of(name), parameters or {})
