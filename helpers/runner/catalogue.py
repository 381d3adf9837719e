"""The runbooks there are: found by folder, described by their own first cells.

Reads JSON only, so that `runbook list` answers at once.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.errors import UsageError, near_misses
from helpers.runner.declared import Parameter, declared_parameters

__all__ = ["RunbookInfo", "find_runbook", "find_runbooks", "read_runbook"]

_PACKAGED = Path(__file__).resolve().parents[2] / "runbooks"
_LABEL = re.compile(r"^\s*(?:[-*]\s+)?\*\*(needs|may change)[:.]?\*\*\s*[:.—–-]?\s*(.*)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RunbookInfo:
    """What a runbook says about itself before it is run; `source` is its parameters cell, None when it has none."""

    name: str
    area: str
    path: Path
    title: str
    summary: str
    needs: str
    may_change: str
    source: str | None

    @property
    def parameters(self) -> list[Parameter]:
        """Return what may be given, in the cell's order.

        Raises:
            UsageError: the runbook has no parameters cell, or holds more than literals in it.

        """
        if self.source is None:
            raise UsageError(
                f"{self.path.name} has no parameters cell.",
                remedy="Tag the code cell that assigns the defaults with `parameters` (JupyterLab: Property Inspector → Cell Tags).",
            )
        return declared_parameters(self.source)


def find_runbooks() -> dict[str, RunbookInfo]:
    """Return name → runbook, sorted by area and name: those shipped, then those under ./runbooks, which win."""
    found = {name: read_runbook(path, root) for name, (path, root) in _paths().items()}
    return dict(sorted(found.items(), key=lambda pair: (pair[1].area, pair[0])))


def _paths() -> dict[str, tuple[Path, Path]]:
    """Return name → notebook and the folder it was found under."""
    found = {}
    for root in (_PACKAGED, Path.cwd() / "runbooks"):
        for path in sorted(root.glob("**/*.ipynb")):
            if not any(part.startswith((".", "_")) for part in path.relative_to(root).parts):
                found[path.stem] = path, root
    return found


def find_runbook(name_or_path: str | Path) -> RunbookInfo:
    """Return the runbook of this name, or the notebook at this path.

    Raises:
        UsageError: there is none (with the near misses), or it is not a notebook.

    """
    path = Path(name_or_path)
    if path.suffix == ".ipynb":
        if not path.is_file():
            raise UsageError(f"There is no notebook {path}.")
        info = read_runbook(path.resolve(), path.resolve().parent)
    else:
        known = _paths()
        if str(name_or_path) not in known:
            names = list(find_runbooks())
            hint = f"{near_misses(str(name_or_path), names)} Known: {', '.join(names) or 'none'}.".strip()
            raise UsageError(f"There is no runbook {name_or_path}.", remedy=hint)
        info = read_runbook(*known[str(name_or_path)])
    if info.summary.startswith(_UNREADABLE):
        raise UsageError(f"{info.path} {info.summary}")
    return info


_UNREADABLE = "cannot be read"


def read_runbook(path: Path, root: Path) -> RunbookInfo:
    """Return what the notebook at `path` says about itself; one that is not a notebook says so in its summary."""
    area = "/".join(path.relative_to(root).parts[:-1])
    try:
        cells = [
            (c["cell_type"], _text(c["source"]), c.get("metadata", {}).get("tags", [])) for c in json.loads(path.read_bytes())["cells"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return RunbookInfo(path.stem, area, path, path.stem, f"{_UNREADABLE}: {type(error).__name__}: {error}"[:200], "", "", None)
    tagged = next((i for i, (kind, _, tags) in enumerate(cells) if kind == "code" and "parameters" in tags), None)
    opening = "\n".join(source for kind, source, _ in cells[: 1 if tagged is None else tagged] if kind == "markdown")
    title, summary, labels = _describe(opening)
    source = None if tagged is None else cells[tagged][1]
    return RunbookInfo(path.stem, area, path, title or path.stem, summary, labels.get("needs", ""), labels.get("may change", ""), source)


def _text(source: Any) -> str:
    return "".join(source) if isinstance(source, list) else str(source)


def _describe(markdown: str) -> tuple[str, str, dict[str, str]]:
    """Return the first heading, the first blockquote joined to one line, and the labelled sentences."""
    title = ""
    quote: list[str] = []
    labels: dict[str, str] = {}
    quoting = True
    for line in markdown.splitlines():
        if line.startswith("#") and not title:
            title = line.lstrip("#").strip()
        elif line.startswith(">") and quoting:
            quote.append(line.lstrip("> ").strip())
        elif quote:
            quoting = False
        if match := _LABEL.match(line):
            labels.setdefault(match[1].lower(), match[2].strip())
    return title, " ".join(quote), labels
