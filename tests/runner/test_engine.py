"""`papermill --engine runbook` works too, and stock papermill's habits are not inherited."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from helpers.runner.book import Book
from tests.runner.toys import Toy


def papermill(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "papermill", *arguments], capture_output=True, text=True, timeout=120)


def test_papermill_runs_a_notebook_by_the_engine(toy: Toy) -> None:
    """The output is where papermill puts it, redacted, parameters masked."""
    path = toy("print('password=hunter2canary')", parameters='profile = "empty"\napply = False\nquery = ""')
    done = papermill("--engine", "runbook", "-p", "query", "select 'canary'", "--no-progress-bar", str(path), "out.ipynb")
    kept = Path("out.ipynb").read_text()
    assert (done.returncode, "hunter2canary" in kept, "select 'canary'" in kept, "select '•••'" in kept) == (0, False, False, True)


def test_sys_exit_is_a_failure_of_the_command(toy: Toy) -> None:
    """Stock papermill ends with 0 here."""
    done = papermill("--engine", "runbook", str(toy("import sys; sys.exit(0)")), "out.ipynb")
    assert done.returncode != 0


def test_a_dead_kernel_leaves_true_statuses(toy: Toy) -> None:
    """Stock papermill says "completed" of every cell here."""
    papermill("--engine", "runbook", str(toy("import os; os._exit(1)")), "out.ipynb")
    book = nbformat.read("out.ipynb", as_version=4)
    assert [c.metadata.papermill.status for c in book.cells if c.cell_type == "code"] == ["completed", "completed", "failed", "pending"]


@pytest.mark.parametrize("cells", [10, 200])
def test_saves_are_few(cells: int) -> None:
    """Not twice per cell: at the start, at the end, and now and then."""
    nb = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("1", metadata={"tags": []}) for _ in range(cells)], metadata={"papermill": {}}
    )
    saved: list[object] = []
    book = Book(nb, saved.append)
    book.save()
    for index in range(cells):
        book.begin(index)
        book.save_soon()
        book.end(index)
    book.close()
    assert len(saved) == 2
