"""Committed without outputs: runs go to incidents/."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.runner.notebook import Notebook, Problem

__all__ = ["no_outputs"]


def no_outputs(book: Notebook) -> Iterator[Problem]:
    """Yield the code cells that hold outputs or a count of executions."""
    for cell in book.code:
        if cell.ran:
            yield Problem(cell.number, "the cell holds the outputs of a run", "clear them (JupyterLab: Edit → Clear Outputs of All Cells)")
