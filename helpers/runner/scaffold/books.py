"""The notebook of a new failure mode: made from a text of cells, or copied from a runbook with the name replaced."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

from helpers.errors import UsageError
from helpers.incident.systems import FOLDERS
from helpers.runner.catalogue import find_runbook
from helpers.runner.keywords import keywords_of
from helpers.runner.notebook import Cell, Notebook, read_notebook
from helpers.runner.scaffold.names import MARK, title_of
from helpers.runner.scaffold.systems import SYSTEMS

__all__ = ["copied", "made"]

_CELL = re.compile(r"(?m)^%% (markdown|code|parameters) ([\w-]+)\n")
_IMPORT = re.compile(r"(?m)^from helpers import (.+)$")
_OF_THE_LOOP = {"timeout_s", "step"}  # arguments of incident.check itself


def made(text: str) -> str:
    """Return a notebook's JSON; a line `%% markdown title` begins a cell of that kind and id."""
    parts = _CELL.split(text)[1:]
    return _json([_cell(kind, name, source.strip("\n")) for kind, name, source in zip(*[iter(parts)] * 3, strict=True)])


def copied(source: str, name: str, system: str, *, with_check: bool) -> tuple[str, str, list[str]]:
    """Return the notebook of `source` under a new name, the system of its check, and the arguments that check is handed.

    Args:
        source: A runbook's name, or a notebook's path.
        name: The new failure mode.
        system: Whose check the new one is; empty: the same as before.
        with_check: Whether the check of the old name is replaced by one of the new name.

    Raises:
        UsageError: there is no such runbook, or it asks no check of its own name.

    """
    book = read_notebook(find_runbook(source).path)
    old = book.path.stem
    call = _own_check(book, old)
    if call is None and with_check:
        raise UsageError(f"{old} asks no check of its own name, so there is nothing to begin from.", remedy="Leave --from out.")
    folder = ast.unparse(call.args[0]).partition(".")[0] if call else ""
    system = system or next((key for key, known in SYSTEMS.items() if known.folder == folder), "")
    new = SYSTEMS[system].folder if system in SYSTEMS else folder
    cells = [_cell(_kind(cell), cell.id, _renamed(cell, old, name)) for cell in book.cells]
    if with_check:
        own = re.compile(rf"\b{folder}\.{re.escape(old)}\b")  # and not postgres.invalid_index_count
        cells = _imports([{**cell, "source": _lines(own.sub(f"{new}.{name}", "".join(cell["source"])))} for cell in cells])
    keys = keywords_of(book, call) if call else set()
    return _json(cells), system, ["**given"] if keys is None else sorted(keys - _OF_THE_LOOP)


def _own_check(book: Notebook, name: str) -> ast.Call | None:
    nodes = [node for cell in book.code for node in ast.walk(cell.tree or ast.Module([], []))]
    calls = [n for n in nodes if isinstance(n, ast.Call) and ast.unparse(n.func) == "incident.check" and n.args]
    return next((call for call in calls if isinstance(call.args[0], ast.Attribute) and call.args[0].attr == name), None)


def _kind(cell: Cell) -> str:
    return "parameters" if "parameters" in cell.tags else cell.kind


def _renamed(cell: Cell, old: str, new: str) -> str:
    if cell.number == 1:
        return f"# {title_of(new)}\n\n> {MARK}: one line that says what one sees of it. All cells below are those of {old} still."
    return cell.text.replace(f'open_incident("{old}"', f'open_incident("{new}"')


def _imports(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Import the systems that are used, and no other."""
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    used = sorted(folder for folder in FOLDERS.values() if re.search(rf"(?<![.\w]){folder}\.\w", _IMPORT.sub("", code)))
    line = f"from helpers import {', '.join(used)}"
    return [{**cell, "source": _lines(_IMPORT.sub(line, "".join(cell["source"])))} for cell in cells]


def _cell(kind: str, name: str, text: str) -> dict[str, Any]:
    tags = {"tags": ["parameters"]} if kind == "parameters" else {}
    if kind == "markdown":
        return {"cell_type": "markdown", "id": name, "metadata": {}, "source": _lines(text)}
    return {"cell_type": "code", "execution_count": None, "id": name, "metadata": tags, "outputs": [], "source": _lines(text)}


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _json(cells: list[dict[str, Any]]) -> str:
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    book = {"cells": cells, "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, indent=1, ensure_ascii=False) + "\n"
