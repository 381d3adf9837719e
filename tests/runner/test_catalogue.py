"""The catalogue: found by folder, described by first cells, quick."""

import subprocess
import sys
from pathlib import Path

import pytest

from helpers.errors import UsageError
from helpers.runner import find_runbook, find_runbooks
from tests.runner.toys import PARAMETERS, Toy


def test_a_runbook_describes_itself(toy: Toy) -> None:
    """Title, blockquote, needs, may change and parameters come from its own first cells."""
    path = toy(name="slow_disk")
    info = find_runbooks()["slow_disk"]
    said = (info.area, info.path, info.title, info.summary, info.needs, info.may_change, [p.name for p in info.parameters])
    assert said == ("toys", path, "The slow_disk", "A toy.", "nothing", "nothing", ["profile", "apply", "n"])


def test_an_unknown_name_gets_its_near_miss(toy: Toy) -> None:
    """A typo is answered with what was probably meant."""
    toy(name="slow_disk")
    with pytest.raises(UsageError, match="Did you mean slow_disk"):
        find_runbook("slow_disc")


def test_a_file_that_is_no_notebook_does_not_hide_the_others(toy: Toy) -> None:
    """It is listed with what is wrong, and refused when asked for."""
    (toy().parent / "broken.ipynb").write_text("{")
    assert (find_runbooks()["toy"].title, find_runbooks()["broken"].summary[:14]) == ("The toy", "cannot be read")


def test_checkpoints_are_not_runbooks(toy: Toy) -> None:
    """Hidden folders are passed over."""
    path = toy()
    aside = path.parent / ".ipynb_checkpoints" / "old.ipynb"
    aside.parent.mkdir()
    aside.write_bytes(path.read_bytes())
    assert "old" not in find_runbooks()


@pytest.mark.parametrize("module", ["helpers.runner", "helpers.runner.catalogue", "helpers.runner.engine", "helpers.runner.run"])
def test_importing_the_room_is_cheap(module: str) -> None:
    """No papermill, nbformat, pandas, zmq or rich before something runs."""
    heavy = {"papermill", "nbformat", "nbclient", "pandas", "zmq", "rich", "jupyter_client"}
    code = f"import {module}, sys; print(*({heavy!r} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == ""


def test_listing_needs_neither_pydantic_nor_papermill(toy: Toy) -> None:
    """`runbook list` answers from JSON alone."""
    toy(parameters=PARAMETERS)
    code = "from helpers.runner import find_runbooks; import sys; find_runbooks(); print(*({'papermill', 'pydantic', 'nbformat'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd()).stdout.strip() == ""
