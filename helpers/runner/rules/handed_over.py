"""Every parameter is handed to open_incident: what was asked for is evidence, and stands in the report."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.errors import UsageError
from helpers.runner.declared import declared_parameters
from helpers.runner.keywords import keywords_of
from helpers.runner.notebook import Notebook, Problem

__all__ = ["handed_over"]


def handed_over(book: Notebook) -> Iterator[Problem]:
    """Yield the parameters of a runbook that its incident does not get."""
    calls = book.calls("open_incident")
    if not book.is_runbook or book.parameters is None or not calls:
        return
    try:
        declared = [parameter.name for parameter in declared_parameters(book.parameters.text)]
    except UsageError:
        return  # parameters_cell says so
    cell, call = calls[0]
    given = keywords_of(book, call)
    for name in declared if given is not None else ():
        if name not in (given or ()):
            yield Problem(cell.number, f"open_incident is not handed {name}", f"`{name}={name}`, or in the dict handed with **")
