"""One file as a relation of the schema's columns: the SQL that reads it, for the format it is of."""

# ruff: noqa: S608 - every name and literal of this SQL is quoted here

from __future__ import annotations

import re
from pathlib import Path

from helpers.logs.files import Physical, compression_of
from helpers.logs.format import Format, JsonFormat, LineFormat, quoted

__all__ = ["RETURN", "literal", "raw_rows", "relation"]

_FEWEST_OF_TEXT = 1 << 20
FEWEST_BYTES = 16 << 20  # DuckDB's own bound of one object; raised to the longest line of the file
RETURN = "\ufdd0"  # stands for a carriage return within a line, which the reader would take for the line's end; no character of any text


def literal(value: str) -> str:
    """Return an SQL string literal."""
    return "'" + value.replace("'", "''") + "'"


def _path(path: Path) -> str:
    """Return the path as a literal that names this file only, though it may hold glob characters."""
    return literal(re.sub(r"([*?\[])", r"[\1]", str(path)))


def _as_it_lies(path: Path) -> str:
    """Return the reader's arguments that keep it from concluding anything from the file's name: not its compression, nor columns."""
    return f", compression = {literal(compression_of(path))}, hive_partitioning = false"


def raw_rows(format_: Format, file: Physical, path: Path) -> str:
    """Return the SQL of the file's raw fields, one row a line; one that is not of the format is all NULL, or left out where lines are text."""
    bound = max(FEWEST_BYTES, file.longest + 2)
    if isinstance(format_, JsonFormat):
        fields = {name: "JSON" if name in format_.nested else "VARCHAR" for name in format_.fields}
        columns = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in fields.items())
        return (
            f"select * from read_ndjson({_path(path)}, columns = {{{columns}}}, records = 'true', ignore_errors = true, "
            f"maximum_object_size = {bound}{_as_it_lies(path)})"
        )
    if isinstance(format_, LineFormat):
        return _matched(format_, lines_of(file, path))
    raise TypeError(f"{format_.name} cannot be read")


def lines_of(file: Physical, path: Path) -> str:
    """Return the SQL of the file's lines as one column `line`; lines that are not UTF-8 are left out."""
    bound = max(
        _FEWEST_OF_TEXT, file.longest + 2
    )  # of an archive, whose size it does not know, the reader fills its buffer: 16 lines unless told
    line = f"replace(line, {literal(RETURN)}, chr(13)) as line" if file.returns else "line"
    return (
        f"select {line} from read_csv({_path(path)}, columns = {{'line': 'VARCHAR'}}, delim = '\\n', quote = '', escape = '', "
        f"header = false, auto_detect = false, strict_mode = false, ignore_errors = true, max_line_size = {bound}, buffer_size = {4 * bound}, new_line = '\\n'{_as_it_lies(path)})"
    )


def _matched(format_: LineFormat, lines: str) -> str:
    names = ", ".join(literal(name) for name in format_.groups)
    pattern = re.sub(r"\(\?P<\w+>", "(", format_.pattern).replace("\\x1b", "\x1b")
    fields = ", ".join(f"nullif(found[{literal(name)}], '') as {quoted(name)}" for name in format_.groups)
    return (
        f"select {fields} from (select regexp_extract(line, {literal(pattern)}, [{names}]) as found from ({lines}) "
        f"where regexp_matches(line, {literal(pattern)}))"
    )


def relation(format_: Format, file: Physical, path: Path) -> str:
    """Return the SQL of the file's entries in the schema; lines that are not of the format are left out."""
    return f"select {format_.select()} from ({raw_rows(format_, file, path)}) where {present(format_)}"


def present(format_: Format) -> str:
    """Return the SQL condition that a row is an entry, as against a line that could not be read: it has a time or says something."""
    if isinstance(format_, LineFormat):
        return "true"  # lines that do not match are left out before: a condition on the fields would match each line once for each of them
    said = [format_.columns[name].raw for name in ("timestamp", "body", "http_response_status_code") if name in format_.columns]
    return f"coalesce({', '.join(f'cast({one} as varchar)' for one in said)}) is not null"
