"""Faults: each breaks the real thing and puts it back, one file each under its area's folder.

A file `<area>/missing_index.py` holds the class `MissingIndex`; its module docstring's first line is the title people read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from helpers.folder import load_member
from helpers.sandbox.faults.base import Fault

__all__ = ["fault_names", "faults", "load_fault"]


def _files() -> dict[str, Path]:
    return {path.stem: path for path in sorted(Path(__file__).parent.glob("*/[!_]*.py"))}


def fault_names() -> list[str]:
    """Return the names of all faults, by area and name."""
    return list(_files())


def load_fault(name: str) -> type[Fault]:
    """Return the fault's class. Raises KeyError when there is none of that name."""
    fault: type[Fault] = load_member(f"{__name__}.{_files()[name].parent.name}.{name}")
    return fault


def faults() -> list[dict[str, Any]]:
    """Return every fault as `name`, `area`, `title` and `variants`, by area and name."""
    found = []
    for name, path in _files().items():
        fault = load_fault(name)
        found.append({"name": name, "area": path.parent.name, "title": fault().title, "variants": list(fault.variants)})
    return found
