"""Faults: each breaks the real thing and puts it back, one file each under its area's folder.

A file `<area>/missing_index.py` holds the class `MissingIndex`; its module docstring's first line is the title people read.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from helpers.folder import load_member
from helpers.sandbox.faults.base import Fault

__all__ = ["FaultEntry", "fault_names", "faults", "load_fault"]


@dataclass(frozen=True, slots=True)
class FaultEntry:
    """One fault as the catalogue shows it."""

    name: str
    area: str
    title: str
    variants: tuple[str, ...]


def _files() -> dict[str, Path]:
    return {path.stem: path for path in sorted(Path(__file__).parent.glob("*/[!_]*.py"))}


def fault_names() -> list[str]:
    """Return the names of all faults, by area and name."""
    return list(_files())


def load_fault(name: str) -> type[Fault]:
    """Return the fault's class. Raises KeyError when there is none of that name."""
    fault: type[Fault] = load_member(f"{__name__}.{_files()[name].parent.name}.{name}")
    return fault


def faults() -> list[FaultEntry]:
    """Return every fault with its title and variants, by area and name."""
    found = []
    for name, path in _files().items():
        module = import_module(f"{__name__}.{path.parent.name}.{name}")
        title = (module.__doc__ or name).strip().splitlines()[0].rstrip(".")
        found.append(FaultEntry(name, path.parent.name, title, load_fault(name).variants))
    return found
