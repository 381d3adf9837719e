"""One name everywhere: the notebook's is its cause code, and one grep finds its fault and its tests."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from helpers.runner.notebook import Notebook, Problem

__all__ = ["NAME", "own_name"]

NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


def own_name(book: Notebook) -> Iterator[Problem]:
    """Yield a runbook's name that is none, an incident of another name or opened too late, and a fault that is not there."""
    if not book.is_runbook:
        return
    name = book.path.stem
    if not NAME.fullmatch(name):
        yield Problem(1, f"{name!r} is not a failure mode's name", "snake_case of at most 41 characters: missing_index.ipynb")
    yield from _opened(book, name)
    if book.checkout and not (book.checkout / _fault(book)).is_file():
        yield Problem(1, "the sandbox has no fault of its name", f"{_fault(book)}, which breaks the real thing")


def _opened(book: Notebook, name: str) -> Iterator[Problem]:
    right = f'`incident = await open_incident("{name}", …)`'
    calls = book.calls("open_incident")
    if not calls:
        yield Problem(1, "it opens no incident", right)
    for cell, call in calls:
        given = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
        if given != name:
            yield Problem(cell.number, f"it opens an incident of {given!r}", right)
    before = [c for c in book.code if c.tree and "parameters" not in c.tags and calls and c.number < calls[0][0].number]
    for cell in before:
        yield Problem(cell.number, "code before the incident is opened", "open_incident first: it names and pings the systems")


def _fault(book: Notebook) -> str:
    return f"helpers/sandbox/faults/{book.path.parent.name}/{book.path.name.removesuffix('.ipynb')}.py"
