"""JSON that strangers sent: read within bounds, and asked with the place in hand, so that what is wrong says where."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

from helpers.errors import AlertError
from helpers.escaping import visible

__all__ = ["ACCEPTED", "Fields", "line", "load", "wrong"]

MOST_BYTES = 1024 * 1024  # Alertmanager's and Grafana's groups are some KB; a Sentry event with its stack is below 1 MB (its own limit)
DEEPEST = 32  # a Sentry event's stack frames lie about ten deep
MOST_VALUES = 50_000
TITLE, NAME, VALUE = 200, 64, 256  # characters that are kept; PostgreSQL's and Redis' own names are shorter
ACCEPTED = "Accepted are the webhooks of Alertmanager (version 4), Grafana alerting, Sentry and Datadog (its default payload), as JSON."


def wrong(where: str, what: str) -> AlertError:
    """Return the error that says where and what, and what is accepted."""
    return AlertError(f"The alert cannot be read: {f'{where}: ' if where else ''}{what}.", remedy=ACCEPTED)


def line(value: object, limit: int = VALUE) -> str:
    """Return a scalar as one line of at most `limit` characters, control characters shown as escapes; anything else is empty."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return ""
    text = visible(" ".join(str(value)[: limit * 4].split()), limit=limit * 8)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def load(body: bytes) -> Any:
    """Return the JSON value of `body`.

    Raises:
        AlertError: larger, deeper or of more values than the bounds, not UTF-8, not JSON as RFC 8259 has it (NaN, Infinity), or with a name
            that stands twice in one object: two readers of it might take different ones.

    """
    if len(body) > MOST_BYTES:
        raise wrong("", f"it has {len(body)} bytes, at most {MOST_BYTES} are read")
    try:
        found = json.loads(body.decode("utf-8-sig"), object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)
    except UnicodeDecodeError as error:
        raise wrong(f"byte {error.start}", "it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise wrong(f"line {error.lineno}, column {error.colno}", f"it is not JSON ({error.msg})") from None
    except (RecursionError, ValueError) as error:  # ValueError: a whole number of more digits than Python reads
        what = "it is nested too deeply" if isinstance(error, RecursionError) else "it holds a number that is too long"
        raise wrong("", what) from None
    _check_size(found)
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise wrong("", f"the name {line(name, NAME)!r} stands twice in one object")
        found[name] = value
    return found


def _constant(name: str) -> NoReturn:
    raise wrong("", f"{name} is no JSON number")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise wrong("", f"the number {text[:20]} is too large")
    return value


def _check_size(found: Any) -> None:
    level, values = [found], 0
    for depth in range(DEEPEST + 1):
        level = [inner for one in level for inner in (one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())]
        values += len(level)
        if values > MOST_VALUES:
            raise wrong("", f"it holds more than {MOST_VALUES} values")
        if not level:
            return
        if depth == DEEPEST:
            raise wrong("", f"it is nested more than {DEEPEST} deep")


@dataclass(frozen=True, slots=True)
class Fields:
    """An object of a payload, and where it stands in it; what is missing is empty, what is of another type is wrong."""

    value: Mapping[str, Any]
    where: str = ""

    @classmethod
    def of(cls, value: Any, where: str = "") -> Fields:
        """Return the fields of an object; null has none. Raises AlertError for anything else."""
        if value is None:
            return cls({}, where)
        if not isinstance(value, dict):
            raise wrong(where, f"an object is expected, not {_kind(value)}")
        return cls(value, where)

    def _at(self, name: str) -> str:
        return f"{self.where}.{name}" if self.where else name

    def text(self, name: str, limit: int = VALUE) -> str:
        """Return a text or number as one bounded line."""
        value = self.value.get(name)
        if isinstance(value, dict | list | bool):
            raise wrong(self._at(name), f"text is expected, not {_kind(value)}")
        return line(value, limit)

    def inner(self, name: str) -> Fields:
        """Return the object of this name."""
        return Fields.of(self.value.get(name), self._at(name))

    def each(self, name: str, most: int = 100) -> list[Fields]:
        """Return the objects of the list of this name, `most` of them at most."""
        found = self.value.get(name)
        if found is not None and not isinstance(found, list):
            raise wrong(self._at(name), f"a list is expected, not {_kind(found)}")
        return [Fields.of(one, f"{self._at(name)}[{number}]") for number, one in enumerate((found or [])[:most])]

    def labels(self, name: str, most: int = 40) -> dict[str, str]:
        """Return an object's names and texts, sorted, `most` of them."""
        inner = self.inner(name)
        return {line(key, NAME): inner.text(key) for key in sorted(inner.value)[:most]}

    def moment(self, name: str) -> datetime | None:
        """Return a time (RFC 3339, or an epoch in s or ms) in UTC; None where there is none, or none that can be."""
        text = self.text(name, 40)
        try:
            if text.replace(".", "", 1).isdigit():
                number = float(text)
                return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)
            found = datetime.fromisoformat(text[:19] + _offset(text))
        except (ValueError, OverflowError, OSError):
            return None
        return found.astimezone(UTC) if found.year > 1 else None  # Go writes its zero time as the year 1


def _offset(text: str) -> str:
    """Return the offset of an RFC 3339 time; its fraction may have nine digits, which not every Python reads."""
    rest = text[19:].lstrip(".0123456789")
    return "+00:00" if rest in ("", "Z", "z") else rest


def _kind(value: object) -> str:
    names: dict[type, str] = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "null")
