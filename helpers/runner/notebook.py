"""A notebook as the rules of the house see it: cells with numbers, read as JSON and as Python, never executed."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Cell", "Notebook", "Problem", "read_notebook"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One breach of a rule: in which cell (counted from 1), what it is, and what would be right."""

    cell: int
    what: str
    right: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell; `tree` is its code as Python, None where it is text or not Python (then `broken` says why)."""

    number: int
    kind: str
    text: str
    id: str = ""
    tags: tuple[str, ...] = ()
    ran: bool = False
    tree: ast.Module | None = None
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook on disk. `checkout` is the root of this project's checkout where it is one of its runbooks, else None."""

    path: Path
    cells: tuple[Cell, ...]
    checkout: Path | None = None

    @property
    def code(self) -> list[Cell]:
        """The code cells."""
        return [cell for cell in self.cells if cell.kind == "code"]

    @property
    def is_runbook(self) -> bool:
        """Whether it is for one failure mode; a tour (in `notebooks/`) looks and fixes nothing, and the triage walks all runbooks."""
        walks = any("helpers.triage" in cell.text for cell in self.code)
        return self.path.parent.name != "notebooks" and not walks

    @property
    def parameters(self) -> Cell | None:
        """The cell tagged `parameters`, None where there is none."""
        return next((cell for cell in self.code if "parameters" in cell.tags), None)

    def calls(self, name: str) -> list[tuple[Cell, ast.Call]]:
        """Return the calls of the function `name`, with their cells."""
        nodes = [(cell, node) for cell in self.code if cell.tree for node in ast.walk(cell.tree)]
        return [(cell, n) for cell, n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == name]


def read_notebook(path: Path) -> Notebook:
    """Return the notebook at `path`.

    Raises:
        OSError: it cannot be read.
        ValueError, KeyError, TypeError: it is not a notebook.

    """
    path = path.resolve()
    cells = tuple(_cell(number, raw) for number, raw in enumerate(json.loads(path.read_bytes())["cells"], 1))
    root = path.parents[2] if len(path.parents) > 2 and path.parents[1].name == "runbooks" else None
    return Notebook(path, cells, root if root and (root / "helpers" / "sandbox" / "faults").is_dir() else None)


def _cell(number: int, raw: dict[str, Any]) -> Cell:
    source = raw["source"]
    text = "".join(source) if isinstance(source, list) else str(source)
    kind, tree, broken = str(raw["cell_type"]), None, ""
    if kind == "code":
        try:
            tree = compile(text, "cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        except (SyntaxError, ValueError) as error:
            broken = f"{getattr(error, 'msg', error)} (line {getattr(error, 'lineno', 1)})"
    tags = tuple(raw.get("metadata", {}).get("tags", []))
    ran = bool(raw.get("outputs") or raw.get("execution_count"))
    return Cell(number, kind, text, str(raw.get("id", "")), tags, ran, tree, broken)
