"""Questions to the logs, one SQL file each: `-- ` lines say what it returns, `$name` are its parameters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.errors import ParameterError

if TYPE_CHECKING:
    import pandas as pd

    from helpers.logs.engine import Logs

__all__ = ["analyse", "analyses", "sql_of"]

_HERE = Path(__file__).parent


def analyses() -> dict[str, str]:
    """Return name → what it answers, the first line of its file."""
    return {path.stem: path.read_text(encoding="utf-8").splitlines()[0].removeprefix("-- ") for path in sorted(_HERE.glob("*.sql"))}


def sql_of(name: str) -> str:
    """Return an analysis' SQL. Raises ParameterError when there is none of that name."""
    path = _HERE / f"{name}.sql"
    if name not in analyses():
        raise ParameterError(f"There is no analysis {name!r}.", remedy=f"Known: {', '.join(analyses())}.")
    return path.read_text(encoding="utf-8")


def analyse(logs: Logs, name: str, **parameters: Any) -> pd.DataFrame:
    """Return the rows of one analysis over the logs.

    Args:
        logs: Open logs.
        name: The analysis' file name.
        parameters: Its `$name` parameters, all of them.

    Raises:
        ParameterError: there is none of that name.

    """
    return logs.frame(sql_of(name), parameters or {})
