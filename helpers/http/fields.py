"""Values of a JSON answer: one by its path (`prices.0.price_cents`), all of them for comparing two answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

__all__ = ["agrees", "leaves", "value_at"]


def value_at(body: bytes, path: str) -> Any:
    """Return the value; the whole answer for an empty path. Raises KeyError when the body is no JSON, or has nothing there; says which part. Pure."""
    try:
        value = json.loads(body)
    except ValueError:
        raise KeyError("the answer is no JSON") from None
    for part in filter(None, path.split(".")):
        if isinstance(value, list) and part.lstrip("-").isdigit() and -len(value) <= int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            raise KeyError(f"the answer has no {part} of {path}")
    return value


def agrees(answered: Any, stored: Any) -> bool:
    """Return whether two values are the same, however they are written: 5, "5" and 5.0; true and t. Pure."""
    if answered is None or stored is None or isinstance(answered, bool) or isinstance(stored, bool):
        return str(answered).lower() == str(stored).lower()
    try:
        return Decimal(str(answered)) == Decimal(str(stored))
    except InvalidOperation:
        return str(answered) == str(stored)


def leaves(body: bytes) -> set[tuple[str, str]]:
    """Return every place of a JSON answer with its value, none where it is no JSON; for comparing two of them in memory. Pure."""

    def walk(value: Any, prefix: str) -> Iterator[tuple[str, str]]:
        if isinstance(value, dict | list):
            for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
                yield from walk(inner, f"{prefix}.{name}")
        else:
            yield prefix, repr(value)

    try:
        return set(walk(json.loads(body), ""))
    except (ValueError, RecursionError):
        return set()
