"""Kinds of values a parameter may be given, and what it means when a request fails for some of them and not for others."""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["KINDS", "MISSING", "named"]

MISSING = "missing"
# Each kind with the value that stands for it; `missing` leaves the parameter out. Source: the boundary values of ISTQB's syllabus, 4.2.
KINDS: dict[str, str | None] = {
    MISSING: None,
    "empty": "",
    "text": "x",
    "number": "1",
    "zero": "0",
    "negative": "-1",
    "fraction": "1.5",
    "huge": "9" * 30,
}
_NUMBERS = {"number", "zero", "negative", "fraction", "huge"}


def named(fails: Collection[str], works: Collection[str]) -> str:
    """Return in words which values of a parameter fail; empty when it does not decide. Pure.

    Args:
        fails: Kinds for which the request failed each time.
        works: Kinds for which it did not fail: it was answered, or rejected as wrong.

    """
    failing, fine = set(fails), set(works)
    if not failing or not fine:
        return ""
    given = failing - {MISSING}
    if not given:
        return "is missing"
    if "number" in fine and "text" in failing:
        return "is no number"
    if {"number", "text"} <= failing:
        return "has a value it does not know" if MISSING in fine or "empty" in fine else ""
    for kinds, words in (
        ({"huge"}, "is out of range"),
        ({"negative", "zero"}, "is below 1"),
        ({"negative"}, "is negative"),
        ({"zero"}, "is zero"),
        ({"fraction"}, "is no whole number"),
        ({"empty"}, "is empty"),
        (_NUMBERS, "is a number"),
    ):
        if given <= kinds and kinds & given:
            return words
    return ""
