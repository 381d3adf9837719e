"""What cells print is bounded, joined and kept in order."""

import nbformat
import pytest

from helpers.runner import execute
from helpers.runner.cells import MOST_OUTPUTS
from helpers.runner.inside import STREAM_LIMIT
from tests.runner.toys import Toy, code_cells

pytestmark = pytest.mark.usefixtures("kernels")


async def outputs(toy: Toy, *cells: str) -> list[nbformat.NotebookNode]:
    toy(*cells)
    result = await execute("toy")
    assert result.exit_code == 3
    found: list[nbformat.NotebookNode] = code_cells(result.folder)[1].outputs
    return found


async def test_a_gigabyte_of_output_is_cut_and_says_so(toy: Toy) -> None:
    """The runner keeps the beginning; the rest never leaves the kernel."""
    toy("print('before'); print('x ' * 500_000_000)", bare=True)
    result = await execute("toy")
    text = code_cells(result.folder)[0].outputs[0].text
    assert (text.startswith("before\nx x x"), len(text) < STREAM_LIMIT + 200, "cut here by the runner" in text) == (True, True, True)


async def test_a_huge_value_is_replaced_by_a_sentence(toy: Toy) -> None:
    """A displayed value beyond the limit is not kept."""
    (out,) = await outputs(toy, "'y ' * 5_000_000")
    assert "cut here by the runner" in out.data["text/plain"]


async def test_many_prints_are_one_output(toy: Toy) -> None:
    """Flushed prints are joined; nothing is lost or re-ordered."""
    (out,) = await outputs(toy, "for i in range(3000): print(i, flush=True)")
    assert out.text.split() == [str(i) for i in range(3000)]


async def test_too_many_displays_are_cut(toy: Toy) -> None:
    """A loop that displays for ever does not fill the notebook."""
    found = await outputs(toy, "from IPython.display import display\nfor i in range(1000): display(i)")
    assert (len(found), "cut here" in found[-1].text) == (MOST_OUTPUTS + 1, True)


async def test_displays_update_in_place(toy: Toy) -> None:
    """A display handle's update replaces its output, streams around it notwithstanding."""
    found = await outputs(toy, "from IPython.display import display\nprint('a'); h = display(1, display_id=True); print('b'); h.update(2)")
    assert [o.get("text") or o.data["text/plain"] for o in found] == ["a\n", "2", "b\n"]


async def test_output_of_subprocesses_is_captured(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a child writes to its own stdout reaches the cell."""
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # ipykernel leaves the descriptors alone when it sees it
    (out,) = await outputs(toy, "import subprocess, time; _ = subprocess.run(['echo', 'raw']); time.sleep(0.5)")
    assert out.text == "raw\n"


async def test_output_of_forked_children_is_captured(toy: Toy) -> None:
    """What a forked worker prints reaches the cell."""
    (out,) = await outputs(toy, "import os\nif os.fork() == 0:\n    print('child', flush=True)\n    os._exit(0)\n_ = os.wait()")
    assert out.text == "child\n"
