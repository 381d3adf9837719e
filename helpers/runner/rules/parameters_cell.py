"""What may be given: one tagged cell of typed literals, each with a comment that says what it is, with its unit."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.errors import UsageError
from helpers.runner.declared import declared_parameters
from helpers.runner.notebook import Cell, Notebook, Problem

__all__ = ["parameters_cell"]

_RIGHT = "`window_s = 10.0  # how long it watches, in s`"
_EVERY_RUNBOOK = ("profile", "apply", "confirm")  # `runbook run --profile P --apply --confirm P` hands them over


def parameters_cell(book: Notebook) -> Iterator[Problem]:
    """Yield what is wrong with the cell tagged `parameters`."""
    tagged = [cell for cell in book.code if "parameters" in cell.tags]
    if not tagged:
        yield Problem(1, "no cell is tagged `parameters`", "tag the cell of the defaults (JupyterLab: Property Inspector → Cell Tags)")
    for cell in tagged[1:]:
        yield Problem(cell.number, "a second cell is tagged `parameters`", f"one such cell: {tagged[0].number}")
    for cell in tagged[:1]:
        yield from _lines(cell)
        yield from _names(book, cell)


def _lines(cell: Cell) -> Iterator[Problem]:
    for line in cell.text.splitlines():
        if not line.partition("  # ")[2].strip():
            yield Problem(cell.number, f"no comment behind `{line.strip()[:60]}`", f"one line each, such as {_RIGHT}")


def _names(book: Notebook, cell: Cell) -> Iterator[Problem]:
    try:
        known = {parameter.name for parameter in declared_parameters(cell.text)}
    except UsageError as error:
        yield Problem(cell.number, error.reason.rstrip("."), error.remedy.rstrip(".") or _RIGHT)
        return
    for name in _EVERY_RUNBOOK if book.is_runbook else ():
        if name not in known:
            yield Problem(cell.number, f"there is no parameter {name}", f"`{name} = …`, which `runbook run --{name}` sets")
