"""Stable ids make diffs readable."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.runner.notebook import Notebook, Problem

__all__ = ["cell_ids"]


def cell_ids(book: Notebook) -> Iterator[Problem]:
    """Yield the cells without an id, with one that another cell has, or with a mere number."""
    seen: set[str] = set()
    for cell in book.cells:
        if not cell.id:
            yield Problem(cell.number, "the cell has no id", "a name of its own, such as fix-text (nbformat 4.5)")
        elif cell.id in seen:
            yield Problem(cell.number, f"the id {cell.id} is another cell's too", "a name of its own")
        elif cell.id[:8].isdigit():
            yield Problem(cell.number, f"the id {cell.id} is a number", "a name, such as isolate-text")
        seen.add(cell.id)
