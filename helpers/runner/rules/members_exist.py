"""Every check, fix and probe it uses is there: `postgres.missing_index` is a file in one of postgres' rooms."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from helpers.errors import near_misses
from helpers.folder import stems
from helpers.runner.notebook import Cell, Notebook, Problem

__all__ = ["members_exist"]

_OURS = Path(__file__).resolve().parents[2]
_ROOMS = ("checks", "fixes", "probes")


def members_exist(book: Notebook) -> Iterator[Problem]:
    """Yield systems that are not there or not imported, and members that no file defines, with the near misses."""
    root = book.checkout / "helpers" if book.checkout else _OURS
    systems = {path.parent.name: stems(str(path.parent / "__init__.py"), _ROOMS) for path in root.glob("*/checks")}
    imported: dict[str, str] = {}
    bound: set[str] = set()
    for cell in book.code:
        for node in ast.walk(cell.tree) if cell.tree else ():
            if isinstance(node, ast.ImportFrom) and node.module == "helpers":
                imported |= {alias.asname or alias.name: alias.name for alias in node.names}
                yield from _imports(cell, node, root)
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("helpers."):
                yield from _module(cell, str(node.module), root)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                bound.add(node.id)
    for cell in book.code:
        for node in ast.walk(cell.tree) if cell.tree else ():
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id not in bound:
                yield from _used(cell, node.value.id, node.attr, imported, systems)


def _imports(cell: Cell, node: ast.ImportFrom, root: Path) -> Iterator[Problem]:
    for alias in node.names:
        if not (root / alias.name).is_dir() and not (root / f"{alias.name}.py").is_file():
            known = [path.parent.name for path in root.glob("*/checks")]
            right = f"{near_misses(alias.name, known)} Known: {', '.join(sorted(known))}".strip()
            yield Problem(cell.number, f"helpers has no {alias.name}", right)


def _module(cell: Cell, name: str, root: Path) -> Iterator[Problem]:
    path = root.parent.joinpath(*name.split("."))
    if not path.is_dir() and not path.with_suffix(".py").is_file():
        yield Problem(cell.number, f"there is no {name}", "what it needs as a check, a probe or a fix of a system")


def _used(cell: Cell, name: str, member: str, imported: dict[str, str], systems: dict[str, dict[str, str]]) -> Iterator[Problem]:
    if name in systems and name not in imported:
        yield Problem(cell.number, f"{name} is not imported", f"`from helpers import {name}`")
    known = systems.get(imported.get(name, ""))
    if known is not None and member not in known:
        right = near_misses(member, list(known)) or f"a file {member}.py in helpers/{imported[name]}/checks/, fixes/ or probes/"
        yield Problem(cell.number, f"there is no {name}.{member}", right)
