"""Words of the toy notebooks, and processes looked at from outside."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import psutil

OPEN = 'from helpers.incident import open_incident\nincident = await open_incident("toy", profile=profile, apply=apply)'
DOCUMENT = "incident.document()"
PARAMETERS = 'profile = "empty"\napply = False\nn = 1  # how many'

Toy = Callable[..., Path]


def until(condition: Callable[[], Any], *, timeout_s: float = 30.0) -> Any:
    """Poll until the condition is truthy and return it; fail after the time-out."""
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return found


def marked(mark: str) -> list[int]:
    """Return the living processes that carry `mark` in their environment or command line."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and (mark in process.cmdline() or process.environ().get("TOY_MARK") == mark):
                found.append(process.pid)
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found


def code_cells(folder: Path) -> list[nbformat.NotebookNode]:
    """Return the code cells of an incident's notebook, the parameters left out."""
    book = nbformat.read(folder / "notebook.ipynb", as_version=4)
    return [c for c in book.cells if c.cell_type == "code" and not {"parameters", "injected-parameters"} & set(c.metadata.tags)]


def statuses(folder: Path) -> list[str]:
    """Return the status of each of them."""
    return [cell.metadata.papermill.status for cell in code_cells(folder)]
