"""Toy notebooks in a working folder of their own, run on both kinds of kernel."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from helpers.runner import zygote
from tests.runner.toys import DOCUMENT, OPEN, PARAMETERS, Toy


@pytest.fixture(params=["stock", "forked"])
def kernels(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every kernel of this process is of this kind; the zygote is the session's."""
    use_kernels(request.param, monkeypatch)
    return str(request.param)


def use_kernels(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(zygote.SWITCH, raising=False)
    if kind == "forked":
        zygote.start()
        assert zygote.current() is not None
        return
    nothing: Any = None
    monkeypatch.setattr("helpers.runner.zygote.current", lambda: nothing)


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toy:
    """Write a runbook `name` of code cells, opened and documented unless `bare`, into the working folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "profiles.toml").write_text("[empty]\n")

    def write(*cells: str, name: str = "toy", parameters: str | None = PARAMETERS, bare: bool = False) -> Path:
        sources = list(cells) if bare else [OPEN, *cells, DOCUMENT]
        book = new_notebook(cells=[new_markdown_cell(f"# The {name}\n\n> A toy.\n\n**Needs**: nothing\n**May change**: nothing")])
        if parameters is not None:
            book.cells.append(new_code_cell(parameters, metadata={"tags": ["parameters"]}))
        book.cells += [new_code_cell(source) for source in sources]
        book.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python 3"}
        path = tmp_path / "runbooks" / "toys" / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(book, path)
        return path

    return write
