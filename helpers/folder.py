"""Adding a thing means adding a file: find checks, fixes and probes by folder, import them on first use.

A file `missing_index.py` offers either the function `missing_index` or the class `MissingIndex`;
both are reached as `system.missing_index`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["camel_case", "lazy_members", "load_member", "stems"]


def stems(package_file: str, rooms: tuple[str, ...]) -> dict[str, str]:
    """Return file stem → room for every public module in the rooms beside `package_file`, sorted."""
    here = Path(package_file).parent
    found = {p.stem: room for room in rooms for p in (here / room).glob("[!_]*.py")}
    return dict(sorted(found.items()))


def camel_case(stem: str) -> str:
    """Return `create_index` as `CreateIndex`."""
    return "".join(part.capitalize() for part in stem.split("_"))


def load_member(module: str) -> Any:
    """Return what the file `module` offers: the function or the class named after it."""
    stem = module.rpartition(".")[2]
    loaded = import_module(module)
    for name in (stem, camel_case(stem)):
        if hasattr(loaded, name):
            return getattr(loaded, name)
    raise AttributeError(f"{module} defines neither {stem} nor {camel_case(stem)}")


def lazy_members(package: str, package_file: str, rooms: tuple[str, ...]) -> tuple[Callable[[str], Any], list[str]]:
    """Return a module `__getattr__` and the `__all__` for a system's package."""

    def attribute(name: str) -> Any:
        room = stems(package_file, rooms).get(name)
        if room is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return load_member(f"{package}.{room}.{name}")

    return attribute, list(stems(package_file, rooms))
