"""Schedulers that call papermill themselves get the same run: by the engine's name, or as the engine of whoever names none."""

import subprocess
import sys

import nbformat
import pytest

from tests.runner.toys import Toy

# What Airflow's PapermillOperator calls (providers/papermill 3.x): it names no engine.
AS_AIRFLOW_DOES = """
import papermill
from papermill.engines import papermill_engines
from helpers.runner.engine import RunbookEngine
papermill_engines.register(None, RunbookEngine)
papermill.execute_notebook(
    {path!r}, "out.ipynb", parameters={{"n": 7}}, progress_bar=False, report_mode=True, log_output=False,
    kernel_name=None, language=None, engine_name=None,
)
"""
BY_NAME = """
import asyncio, papermill
async def main():  # a scheduler's own loop runs already
    papermill.execute_notebook({path!r}, "out.ipynb", parameters={{"n": 7}}, engine_name="runbook", progress_bar=False)
asyncio.run(main())
"""


@pytest.mark.parametrize("call", [AS_AIRFLOW_DOES, BY_NAME], ids=["as_airflow_does", "by_name"])
def test_a_scheduler_runs_a_runbook_by_papermill(toy: Toy, call: str) -> None:
    """The parameters arrive, the output is redacted, and every cell says how it ended."""
    path = toy("print(f'password=hunter2canary, n={n}')")
    done = subprocess.run([sys.executable, "-c", call.format(path=str(path))], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    book = nbformat.read("out.ipynb", as_version=4)
    printed = "".join(output.get("text", "") for cell in book.cells for output in cell.get("outputs", []))
    assert ("n=7" in printed, "hunter2canary" in str(book), {c.metadata.papermill.status for c in book.cells}) == (
        True,
        False,
        {"completed"},
    )


def test_a_broken_runbook_fails_the_scheduler_s_task(toy: Toy) -> None:
    """Its own retry and alert follow from the exception; the notebook says which cell it was."""
    path = toy("import os; os._exit(3)")
    done = subprocess.run([sys.executable, "-c", AS_AIRFLOW_DOES.format(path=str(path))], capture_output=True, text=True, timeout=120)
    book = nbformat.read("out.ipynb", as_version=4)
    assert (done.returncode, "The kernel died: exit code 3" in done.stderr) == (1, True)
    assert [c.metadata.papermill.status for c in book.cells if c.cell_type == "code"][-2:] == ["failed", "pending"]
