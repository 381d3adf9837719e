"""A history as people make one: small commits with ordinary messages that keep the application running, and a few that do not.

Every part edits a file that others leave alone, so that each commit is a change by itself.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Step", "steps"]

_LABELS, _README, _CHANGES = "shop/labels.py", "README.md", "NOTES.md"
_WORDS = ("country", "currency", "status", "customer", "parcel", "invoice", "voucher", "courier", "warehouse", "season")
_HEAD = '"""Words that people read."""\n\nfrom __future__ import annotations\n'
_FLAGS = ("from fastapi import APIRouter\n", "from fastapi import APIRouter\n\nimport shop.labels  # noqa: F401\n")


@dataclass(frozen=True, slots=True)
class Step:
    """One commit: its message, and the files as they are after it, or pairs of texts of a file that is there."""

    message: str
    files: dict[str, str]
    edits: dict[str, tuple[tuple[str, str], ...]]


def steps(count: int, broken: tuple[int, int], seed: int) -> list[Step]:
    """Return `count` commits; those at the places `broken` do not import, and the next one mends it.

    Args:
        count: How many, of at least 4.
        broken: Two places, neither of them the first two or the last.
        seed: The same seed gives the same history.

    """
    chance, made = random.Random(seed), _Made()  # noqa: S311 - not a secret
    return list(_steps(count, broken, chance, made))


@dataclass
class _Made:
    labels: str = _HEAD
    notes: str = "# Notes\n"
    readme: str = "# shop-api\n\n`uvicorn shop.main:app`, with DATABASE_URL and REDIS_URL.\n"


def _steps(count: int, broken: tuple[int, int], chance: random.Random, made: _Made) -> Iterator[Step]:
    yield Step("feat(labels): a module for words", {_LABELS: made.labels}, {})
    yield Step("refactor(flags): load the words with the flags", {}, {"shop/routes/flags.py": (_FLAGS,)})
    for number in range(2, count):
        if number in broken:
            yield Step("refactor(labels): words come from their own package", {_LABELS: f"{made.labels}\nimport shop.words\n"}, {})
        elif number - 1 in broken:
            yield Step("fix(labels): the package is not there yet", {_LABELS: made.labels}, {})
        else:
            yield _ordinary(number, chance, made)


def _ordinary(number: int, chance: random.Random, made: _Made) -> Step:
    word = chance.choice(_WORDS)
    kind = chance.choice(("label", "label", "note", "readme"))
    if kind == "label":
        made.labels += f'\n\ndef {word}_{number}(name: str) -> str:\n    """Return how a {word} is written."""\n    return name.title()\n'
        return Step(f"feat(labels): how a {word} is written", {_LABELS: made.labels}, {})
    if kind == "note":
        made.notes += f"\n- Ask the {word} team before the next season ({number}).\n"
        return Step(f"docs: a note on the {word} team", {_CHANGES: made.notes}, {})
    made.readme += f"\nThe {word} is described in the handbook, section {number}.\n"
    return Step(f"docs(readme): where the {word} is described", {_README: made.readme}, {})
