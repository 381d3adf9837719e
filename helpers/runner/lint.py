"""Check notebooks against the rules of the house, wherever they lie: every rule of `rules/`, one line per problem."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from helpers.errors import UsageError
from helpers.runner.catalogue import find_runbooks
from helpers.runner.notebook import Notebook, Problem, read_notebook
from helpers.runner.rules import rule, rule_names

__all__ = ["Found", "lint", "notebooks"]

_TOURS = Path(__file__).resolve().parents[2] / "notebooks"


@dataclass(frozen=True, slots=True)
class Found:
    """A problem with the notebook it is in, the rule it breaks, and its cell's id."""

    path: Path
    rule: str
    id: str
    problem: Problem

    def __str__(self) -> str:
        what = " ".join(f"{self.problem.what}; {self.problem.right}".split())
        return f"{_shown(self.path)}:cell {self.problem.cell}: {what}"


def notebooks(paths: list[Path]) -> list[Path]:
    """Return the notebooks to check: those given, those below a folder given, or every runbook and tour that is found.

    Raises:
        UsageError: a path is not there, is not a notebook's, or no notebook is below it.

    """
    if not paths:
        return [*(info.path for info in find_runbooks().values()), *sorted(_TOURS.glob("*.ipynb"))]
    return list(dict.fromkeys(found for path in paths for found in _below(path)))


def _below(path: Path) -> list[Path]:
    if not path.is_dir():
        if path.suffix != ".ipynb" or not path.is_file():
            raise UsageError(f"There is no notebook {path}.", remedy="Give the path of an .ipynb file, or of a folder with some.")
        return [path]
    found = [p for p in sorted(path.rglob("*.ipynb")) if not any(part.startswith(".") for part in p.relative_to(path).parts)]
    if not found:
        raise UsageError(f"There is no notebook below {path}.", remedy="Give a folder with .ipynb files; hidden ones are left out.")
    return found


def lint(path: Path) -> list[Found]:
    """Return every problem of the notebook at `path`, by cell; one that cannot be read has that problem alone."""
    try:
        book = read_notebook(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        said = f"it cannot be read as a notebook: {type(error).__name__}: {error}"[:200]
        return [Found(path, "readable", "", Problem(1, said, "a notebook as JupyterLab saves it (nbformat 4.5)"))]
    found = [Found(path, name, _id(book, problem.cell), problem) for name in rule_names() for problem in rule(name)(book)]
    return sorted(found, key=lambda one: one.problem.cell)


def _id(book: Notebook, cell: int) -> str:
    return book.cells[cell - 1].id if cell <= len(book.cells) else ""


def _shown(path: Path) -> Path:
    full = path.resolve()
    return full.relative_to(Path.cwd()) if full.is_relative_to(Path.cwd()) else path
