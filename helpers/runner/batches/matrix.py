"""A matrix becomes runs: every runbook on every profile with every row, each with a name a person can read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.errors import PlanError, UsageError
from helpers.runner.batches.rows import Row, read_rows
from helpers.runner.batches.schema import Matrix, Run
from helpers.runner.catalogue import find_runbook
from helpers.runner.lines import Lines, Where
from helpers.runner.parameters import parse_assignments

__all__ = ["Placed", "expand"]

LONGEST = 48  # characters of a name that come from a row


@dataclass(frozen=True, slots=True)
class Placed:
    """A run, where it stands, and, when it came from a row, what to put before a complaint about it."""

    where: Where
    run: Run
    at: str = ""


async def expand(matrix: Matrix, where: Where, lines: Lines, folder: Path, profile: str | None, problems: list[str]) -> list[Placed]:
    """Return the runs of a matrix in the order runbook, profile, row; what is wrong with its rows is appended to `problems`."""
    rows: list[Row | None] = [None]
    if matrix.rows is not None:
        try:
            rows = list(await read_rows(matrix.rows, (*where, "rows"), lines, folder))
        except PlanError as error:
            problems += error.problems
    marks = _marks([row.values if row else {} for row in rows])
    profiles: list[str | None] = [*matrix.profile] if matrix.profile else [profile]
    return [
        placed
        for index, runbook in enumerate(matrix.runbook)
        for each in profiles
        for placed in _runs(matrix, (*where, "runbook", index), runbook, each, rows, marks, problems)
    ]


def _runs(
    matrix: Matrix, where: Where, runbook: str, profile: str | None, rows: Sequence[Row | None], marks: list[str], problems: list[str]
) -> Iterator[Placed]:
    stem = "-".join(part for part in (Path(runbook).stem, profile) if part)
    for row, mark in zip(rows, marks, strict=True):
        values = _typed(runbook, row, problems) if row else {}
        name = f"{stem}-{mark}"[:100] if mark else stem
        yield Placed(where, Run(runbook=runbook, profile=profile, name=name, parameters=matrix.parameters | values), row.at if row else "")


def _typed(runbook: str, row: Row, problems: list[str]) -> dict[str, Any]:
    """Return a row's values; text is read as its parameter's type, and what cannot be is a problem of the row."""
    if not row.text:
        return row.values
    try:
        return parse_assignments([f"{name}={value}" for name, value in row.values.items()], find_runbook(runbook).parameters)
    except UsageError as error:
        problems += [f"{row.at}{runbook}: {line}" for line in str(error).splitlines()]
        return {}


def _marks(rows: list[dict[str, Any]]) -> list[str]:
    """Return what tells each row from the others: the values that differ, as words; its number where that is not enough."""
    if rows == [{}]:
        return [""]
    names = list(dict.fromkeys(name for row in rows for name in row))
    differing = [name for name in names if len({repr(row.get(name)) for row in rows}) > 1] or names
    words = [_words(" ".join(str(row[name]) for name in differing if name in row)) for row in rows]
    return [word if word and words.count(word) == 1 else f"{word or 'row'}.{number}" for number, word in enumerate(words, start=1)]


def _words(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "_", text).strip("_.")[:LONGEST].strip("_.")
