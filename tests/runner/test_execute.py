"""One run: what ends well, what does not, and what is never started."""

import json
import sys
from pathlib import Path

import pytest

from helpers.errors import ParameterError, ProfileError, UsageError
from helpers.incident.evidence import audit
from helpers.runner import execute
from tests.runner.toys import DOCUMENT, OPEN, PARAMETERS, Toy, code_cells, statuses

pytestmark = pytest.mark.usefixtures("kernels")


async def test_a_run_ends_with_its_document_and_verdict(toy: Toy) -> None:
    """The kernel's incident.json is what comes back, in the folder the runner made, and its evidence audits."""
    toy("print('x' * n)")
    result = await execute("toy", {"n": 3})
    said = json.loads((result.folder / "incident.json").read_text())
    assert (said["id"], said["verdict"], result.exit_code, audit(result.folder)) == (result.folder.name, "inconclusive", 3, [])


async def test_parameters_reach_the_cells(toy: Toy) -> None:
    """A given value stands over the notebook's default, and strings survive whatever is in them."""
    text = "quote ' \" back\\slash\nline é \u202e {{ }} ${x}"
    toy("import json; print(json.dumps([n, text]))", parameters=PARAMETERS + '\ntext = ""')
    result = await execute("toy", {"n": 7, "text": text})
    assert json.loads(code_cells(result.folder)[1].outputs[0].text) == [7, text]


@pytest.mark.parametrize("leave", ["import sys; sys.exit(0)", "raise SystemExit", "exit()", "quit()"])
async def test_leaving_early_is_not_success(toy: Toy, leave: str) -> None:
    """`sys.exit(0)` and its kin end as a broken run, with the cell failed and the rest pending."""
    toy(leave)
    result = await execute("toy")
    assert (result.exit_code, statuses(result.folder)) == (4, ["completed", "failed", "pending"])


async def test_an_exception_in_a_cell_is_a_broken_run_with_a_document(toy: Toy) -> None:
    """The document says which cell raised what; the later cells stay pending."""
    toy("1 / 0")
    result = await execute("toy")
    assert (result.exit_code, result.document.broken) == (4, "Cell 4: ZeroDivisionError: division by zero")


async def test_a_cell_that_fails_after_the_document_breaks_the_run(toy: Toy) -> None:
    """incident.json that exists already does not hide a later exception."""
    toy(OPEN, DOCUMENT, "1 / 0", bare=True)
    result = await execute("toy")
    assert (result.exit_code, audit(result.folder)) == (4, [])


async def test_a_notebook_that_never_documents_is_a_broken_run(toy: Toy) -> None:
    """All cells ran, but nothing was written down: that is said, not passed over."""
    toy(OPEN, bare=True)
    result = await execute("toy")
    assert (result.exit_code, result.document.broken) == (4, "The notebook ended before incident.document().")


async def test_evidence_after_the_document_makes_it_stale(toy: Toy) -> None:
    """A document whose head is not the evidence's head is not believed."""
    toy(OPEN, DOCUMENT, "_ = incident.record('note', {'text': 'late'})", bare=True)
    result = await execute("toy")
    assert (result.exit_code, audit(result.folder)) == (4, [])


async def test_a_background_failure_nobody_awaited_is_noted(toy: Toy) -> None:
    """Stock papermill passes over "Task exception was never retrieved"; here it is a follow-up."""
    toy(
        "import asyncio\nasync def fail(): raise ValueError('unseen')\n_task = asyncio.ensure_future(fail()); await asyncio.sleep(0.01)\ndel _task"
    )
    result = await execute("toy")
    noted = [text for text in result.document.follow_ups if "nobody awaited" in text]
    assert (len(noted), "ValueError: unseen" in noted[0], audit(result.folder)) == (1, True, [])


async def test_unknown_parameters_start_nothing(toy: Toy, tmp_path: Path) -> None:
    """An unknown name is an error with its near miss, and no incident is made."""
    toy(parameters=PARAMETERS + "\nslo_p95_ms = 150")
    with pytest.raises(ParameterError, match="Did you mean slo_p95_ms"):
        await execute("toy", {"slo_p95": 3})
    assert not (tmp_path / "incidents").exists()


async def test_an_unknown_profile_starts_nothing(toy: Toy, tmp_path: Path) -> None:
    """The profile is loaded before a kernel starts."""
    toy()
    with pytest.raises(ProfileError):
        await execute("toy", profile="emtpy")
    assert not (tmp_path / "incidents").exists()


async def test_apply_needs_something_to_apply(toy: Toy) -> None:
    """`apply` for a notebook without that parameter is an error, not passed over."""
    toy(parameters='profile = "empty"', bare=True)
    with pytest.raises(ParameterError, match="nothing to apply"):
        await execute("toy", apply=True)


async def test_a_notebook_without_parameters_cell_is_refused(toy: Toy) -> None:
    """The error names the tag to set."""
    toy(parameters=None)
    with pytest.raises(UsageError, match="no parameters cell"):
        await execute("toy")


async def test_a_notebook_is_run_by_its_path_too(toy: Toy, tmp_path: Path) -> None:
    """A path with spaces, outside any runbooks folder, works like a name."""
    aside = tmp_path / "a folder" / "my book.ipynb"
    aside.parent.mkdir()
    toy().rename(aside)
    result = await execute(aside, out=tmp_path / "out put")
    assert (result.exit_code, result.folder.parent, "-my_book-" in result.folder.name) == (3, tmp_path / "out put", True)


async def test_the_kernel_runs_in_the_callers_folder_and_interpreter(toy: Toy, tmp_path: Path) -> None:
    """No kernelspec decides: the running interpreter, the working folder, the given environment; a local `helpers` does not shadow."""
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers" / "__init__.py").write_text("raise RuntimeError")
    toy("import os, sys; print(os.getcwd(), sys.executable, os.environ['EXTRA'], sep='|')")
    result = await execute("toy", env={"EXTRA": "given"})
    assert code_cells(result.folder)[1].outputs[0].text.strip() == f"{tmp_path}|{sys.executable}|given"
