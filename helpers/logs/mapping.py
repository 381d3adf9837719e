"""A user's own JSON: which of its keys is which column of the schema, as the profile's `log_columns` says."""

from __future__ import annotations

import re
from collections.abc import Mapping

from helpers.errors import ProfileError, near_misses
from helpers.logs.format import Column, Format, JsonFormat, column, number, quoted, text, time, whole
from helpers.logs.schema import COLUMNS

__all__ = ["mapped"]

_KEY = re.compile(r"([^*]+?)(?:\s*\*\s*([\d.eE+-]+))?")


def mapped(columns: Mapping[str, str]) -> Format:
    """Return the format of one JSON object a line.

    Args:
        columns: Schema column → key, `{"timestamp": "ts", "duration_ms": "took_s * 1000", "http_route": "request.route"}`. A dot goes into
            an object; a factor turns another unit into the schema's.

    Raises:
        ProfileError: a column that the schema does not have, or a key that cannot be read; named by where it stands.

    """
    if "timestamp" not in columns:
        raise ProfileError("log_columns does not say which key is the timestamp.", remedy='Add `timestamp = "…"` to it.')
    found: dict[str, Column] = {}
    nested: dict[str, None] = {}
    for name, written in columns.items():
        if name not in COLUMNS:
            raise ProfileError(
                f"log_columns: there is no column {name}.", remedy=f"{near_misses(name, list(COLUMNS))} See docs/logs.md.".strip()
            )
        match = _KEY.fullmatch(written.strip())
        if match is None:
            raise ProfileError(f"log_columns.{name}: {written!r} is no key.", remedy='Write "key", "object.key", or "key * 1000".')
        found[name], top = _column(name, match[1].strip(), float(match[2] or 1))
        if top:
            nested[top] = None
    wants = columns["timestamp"].partition(".")[0].strip()
    return JsonFormat("log_columns", columns=found, wants=(wants,), nested=tuple(nested), particular=2.0)


def _column(name: str, key: str, factor: float) -> tuple[Column, str]:
    """Return the column, and the object that is taken apart for it, if one is."""
    top, dot, rest = key.partition(".")
    path = "$." + ".".join(quoted(part) for part in rest.split("."))
    field = f"json_extract_string({quoted(top)}, {_literal(path)})" if dot else quoted(top)
    kind = COLUMNS[name]
    if kind.startswith("TIMESTAMP"):
        made = time(field)
    elif kind == "DOUBLE":
        made = number(field, times=factor)
    elif kind in ("INTEGER", "BIGINT"):
        made = whole(field)
    elif name == "url_path":
        made = column(f"path_of({field})")
    else:
        made = text(field)
    return made, top if dot else ""


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
