"""Whether a type takes every value of another: then code that was written for the other goes on working. Pure."""

from __future__ import annotations

import re

__all__ = ["holds_all_of"]

# PostgreSQL manual, numeric types: each holds all values of those before it.
_INTEGERS = ("smallint", "integer", "bigint")
_TEXTS = ("text", "character varying")
_SIZED = re.compile(r"(character varying|character|numeric)\((\d+)(?:,(\d+))?\)")


def holds_all_of(wider: str, narrower: str) -> bool:
    """Return whether every value of `narrower` fits `wider` with the same meaning; both as format_type writes them."""
    if wider in _INTEGERS and narrower in _INTEGERS:
        return _INTEGERS.index(wider) >= _INTEGERS.index(narrower)
    one, other = _SIZED.fullmatch(wider), _SIZED.fullmatch(narrower)
    if wider in _TEXTS:
        return narrower in _TEXTS or (other is not None and other[1] == "character varying")
    if wider == "numeric":
        return other is not None and other[1] == "numeric"
    if one is None or other is None or one[1] != other[1]:
        return False
    if one[1] == "numeric":
        digits = [int(m[2]) - int(m[3] or 0) for m in (one, other)]
        return digits[0] >= digits[1] and int(one[3] or 0) == int(other[3] or 0)
    return one[1] == "character varying" and int(one[2]) >= int(other[2])
