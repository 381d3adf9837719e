"""A sentence before each code cell says what it asks and why; a short one may go on where its neighbour stops."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from helpers.runner.notebook import Notebook, Problem

__all__ = ["text_before_code"]

SHORT = 4  # lines: a cell that goes on with the one before it


def text_before_code(book: Notebook) -> Iterator[Problem]:
    """Yield the code cells of more than four lines that follow code."""
    for before, cell in pairwise(book.cells):
        if before.kind == cell.kind == "code" and len(cell.text.splitlines()) > SHORT:
            yield Problem(cell.number, "no text before the code", "a text cell that says what it asks, and what to expect")
