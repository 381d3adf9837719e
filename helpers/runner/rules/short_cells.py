"""One idea each: 12 to 30 cells in a runbook, code cells of at most 12 lines."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.runner.notebook import Notebook, Problem

__all__ = ["short_cells"]

FEWEST, MOST, LINES = 12, 30, 12  # STYLE: NII literate computing has a median of 1 line, Python Data Science Handbook of 2


def short_cells(book: Notebook) -> Iterator[Problem]:
    """Yield a count of cells out of bounds, and the code cells that are too long."""
    count = len(book.cells)
    if book.is_runbook and not FEWEST <= count <= MOST:
        yield Problem(count or 1, f"it has {count} cells", f"{FEWEST} to {MOST}; what is more belongs to helpers/, or to another runbook")
    for cell in book.code:
        lines = len(cell.text.splitlines())
        if lines > LINES:
            yield Problem(cell.number, f"{lines} lines of code", f"at most {LINES}: split it, or move work into a check")
