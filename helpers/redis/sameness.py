"""Whether a cached value and a row's column say the same: by meaning, not by how a serialiser writes it.

`"12.50"` is 12.5, `2026-01-02T03:04:05Z` is that moment in every zone and in epoch milliseconds, `on` is true. What cannot be compared
(an object against a number) says None, and is left out: a difference in writing is no stale value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

__all__ = ["plain_name", "same"]

_TRUE, _FALSE = {"1", "true", "t", "yes", "y", "on", "enabled"}, {"0", "false", "f", "no", "n", "off", "disabled"}
_NOTHING = {"", "null", "none", "nil", "undefined"}
_TIMES = ("timestamp", "date")
_NUMBERS = ("smallint", "integer", "bigint", "numeric", "real", "double")


def plain_name(name: str) -> str:
    """Return a field's or column's name without case and separators: `customerId` and `customer_id` are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def same(cached: Any, row: Any, kind: str, *, as_text: bool = False) -> bool | None:
    """Return whether they say the same, None where that cannot be told; pure.

    Args:
        cached: A JSON value (numbers as int or Decimal), or a text of a hash.
        row: The column's value as PostgreSQL's to_jsonb writes it.
        kind: The column's type as format_type writes it: `numeric(10,2)`, `timestamp with time zone`.
        as_text: The cached value can only be a text, so that an empty one may stand for NULL.

    """
    if cached is None or row is None:
        return _both_nothing(cached, row, as_text=as_text)
    if kind == "boolean":
        return _flags(cached, row)
    if kind.startswith(_NUMBERS):
        return _numbers(cached, row)
    if kind.startswith(_TIMES):
        return _times(cached, row)
    if isinstance(row, dict | list):
        return _objects(cached, row)
    if isinstance(cached, dict | list | bool):
        return None
    if kind == "uuid":
        return str(cached).lower() == str(row).lower()
    return str(cached).rstrip() == str(row).rstrip()


def _both_nothing(cached: Any, row: Any, *, as_text: bool) -> bool | None:
    if cached is None and row is None:
        return True
    if as_text and isinstance(cached, str) and cached.strip().lower() in _NOTHING:
        return True if row is None else row == "" or None
    return False


def _flags(cached: Any, row: Any) -> bool | None:
    said = str(cached).strip().lower()
    return bool(row) if said in _TRUE else not row if said in _FALSE else None


def _numbers(cached: Any, row: Any) -> bool | None:
    if isinstance(cached, bool | dict | list):
        return None
    try:
        a, b = Decimal(str(cached)), Decimal(str(row))
    except InvalidOperation:
        return None
    if not a.is_finite() or not b.is_finite():
        return str(a) == str(b)
    return abs(a - b) <= max(abs(a), abs(b)) * Decimal("1e-6" if "E" in str(b) or len(b.as_tuple().digits) > 15 else "1e-12")


def _times(cached: Any, row: Any) -> bool | None:
    a, b = _moment(cached), _moment(row)
    if a is None or b is None:
        return None
    coarse = isinstance(cached, int) or "." not in str(cached)
    return abs((a - b).total_seconds()) < (1.0 if coarse else 0.0011)


def _moment(value: Any) -> datetime | None:
    """Return the moment a text or an epoch means; without an offset it is UTC."""
    text = str(value)
    if re.fullmatch(r"-?\d+(\.\d+)?", text) and not re.fullmatch(r"\d{8}", text):
        number = float(text)
        seconds = number / 1000 if abs(number) > 1e11 else number
        return datetime.fromtimestamp(seconds, UTC) if abs(seconds) < 2.5e11 else None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _objects(cached: Any, row: Any) -> bool | None:
    if isinstance(cached, str):
        try:
            cached = json.loads(cached, parse_float=Decimal)
        except ValueError:
            return None
    return _alike(cached, row) if type(cached) is type(row) else None


def _alike(a: Any, b: Any) -> bool:
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(_alike(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(_alike(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    numbers = isinstance(a, int | float | Decimal) and isinstance(b, int | float | Decimal)
    return _numbers(a, b) is True if numbers else bool(a == b)
