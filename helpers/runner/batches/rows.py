"""Rows of parameters for a matrix: written in the plan, in a file beside it, or asked of a database. Each knows the line it came from."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from helpers.errors import PlanError
from helpers.runner.batches.schema import Source, complaint
from helpers.runner.lines import Lines, Where

__all__ = ["MOST_ROWS", "Row", "read_rows"]

MOST_ROWS = 10_000  # some days of runs on one machine; more is a mistake in the SELECT


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `at` is where it stands, ready to be put before a complaint; `text` where a value is still text, as in CSV."""

    values: dict[str, Any]
    at: str
    text: bool = False


async def read_rows(given: Any, where: Where, lines: Lines, folder: Path) -> list[Row]:
    """Return the rows of a matrix.

    Args:
        given: The plan's `rows`: a list of mappings, or a source.
        where: Where it stands in the plan.
        lines: The plan's line numbers.
        folder: The plan's folder; files are looked for there.

    Raises:
        PlanError: every row that is not one, with its line.

    """
    if isinstance(given, list):
        found = list(_inline(given, where, lines))
    else:
        source = _source(given, where, lines)
        found = await _sql(source, where, lines) if source.sql is not None else _file(source, where, lines, folder)
    if not found:
        raise PlanError([lines.at(where, "there are no rows.")])
    if len(found) > MOST_ROWS:
        raise PlanError([lines.at(where, f"these are more than {MOST_ROWS:,} rows.")])
    return found


def _source(given: Any, where: Where, lines: Lines) -> Source:
    try:
        return Source.model_validate(given)
    except ValidationError as error:
        problems = [lines.at((*where, *e["loc"]), complaint({**e, "loc": (*where, *e["loc"])})) for e in error.errors()]
        raise PlanError(problems) from None


def _inline(given: list[Any], where: Where, lines: Lines) -> Iterator[Row]:
    problems = [lines.at((*where, i), "a row is a mapping of parameters.") for i, v in enumerate(given) if not isinstance(v, dict) or not v]
    if problems:
        raise PlanError(problems)
    for index, values in enumerate(given):
        yield Row({str(name): value for name, value in values.items()}, lines.at((*where, index), ""))


def _file(source: Source, where: Where, lines: Lines, folder: Path) -> list[Row]:
    name = source.csv or source.json_ or source.ndjson or ""
    try:
        text = (folder / name).expanduser().read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise PlanError([lines.at(where, f"{name} cannot be read: {getattr(error, 'strerror', None) or error}.")]) from None
    reader = _csv if source.csv else _json if source.json_ else _ndjson
    problems: list[str] = []
    found = list(reader(text, Path(name).name, problems))
    if problems:
        raise PlanError(problems)
    return found


def _csv(text: str, name: str, problems: list[str]) -> Iterator[Row]:
    """An empty cell is not given: the default stands."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    head: list[str] = []
    line = 1
    try:
        for cells in reader:
            at, line = f"{name}:{line}: ", reader.line_num + 1
            if not any(cells):
                continue
            if not head:
                head = [cell.strip() for cell in cells]
                problems += [f"{at}the column {column or '(without a name)'} is there twice." for column in _repeated(head)]
            elif len(cells) != len(head):
                problems.append(f"{at}{len(cells)} cells under {len(head)} columns.")
            else:
                yield Row({column: cell for column, cell in zip(head, cells, strict=True) if cell != ""}, at, text=True)
    except csv.Error as error:
        problems.append(f"{name}:{line}: not CSV: {error}.")


def _repeated(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _ndjson(text: str, name: str, problems: list[str]) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield from _object(line, f"{name}:{number}: ", problems)


def _object(text: str, at: str, problems: list[str]) -> Iterator[Row]:
    try:
        value = json.loads(text)
    except ValueError as error:
        problems.append(f"{at}not JSON: {error}.")
        return
    if isinstance(value, dict):
        yield Row({name: each for name, each in value.items() if each is not None}, at)
    else:
        problems.append(f"{at}a row is an object of parameters.")


def _json(text: str, name: str, problems: list[str]) -> Iterator[Row]:
    """An array of objects, read one by one, so that each knows its line."""
    decoder, at = json.JSONDecoder(), _skip(text, 0)
    if text[at : at + 1] != "[":
        problems.append(f"{name}:1: the file must hold an array of objects.")
        return
    at, end = _skip(text, at + 1), ","
    while end == "," and text[at : at + 1] != "]":
        line = text.count("\n", 0, at) + 1
        try:
            _, after = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            problems.append(f"{name}:{error.lineno}: not JSON: {error.msg}.")
            return
        yield from _object(text[at:after], f"{name}:{line}: ", problems)
        after = _skip(text, after)
        end, at = text[after : after + 1], _skip(text, after + 1)
    if end not in (",", "]"):
        problems.append(f"{name}:{text.count(chr(10), 0, at) + 1}: not JSON: a comma or ] is missing.")


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


async def _sql(source: Source, where: Where, lines: Lines) -> list[Row]:
    """Ask the profile's Postgres by the read-only session; NULL is not given."""
    from helpers.errors import RunbookError
    from helpers.incident.evidence import plain
    from helpers.incident.systems import Systems
    from helpers.settings import load_profile

    try:
        systems = Systems(await load_profile(str(source.profile)), "runbook:batch-rows")
        try:
            pg = await systems.get("postgres")
            found = await pg.fetch(str(source.sql), limit=MOST_ROWS + 1)
        finally:
            await systems.close()
    except RunbookError as error:
        raise PlanError([lines.at(where, f"the rows cannot be asked of {source.profile}: {error}")]) from None
    at = f"{lines.at((*where, 'sql'), '')}row "
    return [
        Row({k: plain(_number(v)) for k, v in row.items() if v is not None}, f"{at}{i}: ", text=False)
        for i, row in enumerate(found, start=1)
    ]


def _number(value: Any) -> Any:
    """`numeric` as the number it is; everything else as it came."""
    from decimal import Decimal

    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)
