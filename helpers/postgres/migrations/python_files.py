"""Migrations written in Python: Alembic and Django. Their literals are read from the syntax tree; nothing is imported."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from helpers.postgres.migrations.migration import Folder, Migration

__all__ = ["read_alembic", "read_django"]


def read_alembic(path: Path) -> Folder | None:
    """Return the revisions in `path` (or in its `versions`), each after those it follows; None when there are none."""
    found = {}
    for file in sorted({*path.glob("*.py"), *path.glob("versions/**/*.py")}):
        values = _assigned(ast.parse(file.read_text(encoding="utf-8")).body)
        if isinstance(values.get("revision"), str) and "down_revision" in values:
            after = (*_names(values["down_revision"]), *_names(values.get("depends_on")))
            found[values["revision"]] = Migration(values["revision"], file.stem, after)
    return Folder("alembic", _ordered(found), str(path)) if found else None


def read_django(path: Path) -> Folder | None:
    """Return the migrations of every app under `path`, `app.name`, by app and name; None when there are none."""
    found = {}
    for file in sorted(path.rglob("migrations/[0-9]*.py")):
        if "site-packages" in file.parts:
            continue
        body = ast.parse(file.read_text(encoding="utf-8")).body
        made = next((node for node in body if isinstance(node, ast.ClassDef) and node.name == "Migration"), None)
        if made is not None:
            version = f"{file.parent.parent.name}.{file.stem}"
            replaces = tuple(".".join(pair) for pair in _assigned(made.body).get("replaces") or ())
            after = tuple(".".join(pair) for pair in _assigned(made.body).get("dependencies") or () if isinstance(pair, tuple | list))
            found[version] = Migration(version, version, after, replaces)
    return Folder("django", _ordered(found), str(path)) if found else None


def _assigned(body: list[ast.stmt]) -> dict[str, Any]:
    """Return the literals that are assigned at the top of a module or class; what is no literal is left out."""
    values: dict[str, Any] = {}
    for node in body:
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target if isinstance(node, ast.AnnAssign) else None
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and value is not None:
            values[target.id] = _literal(value)
    return values


def _literal(node: ast.expr) -> Any:
    """Return a literal's value; of a list also when some of its parts are calls, which are dropped."""
    if isinstance(node, ast.List | ast.Tuple):
        return tuple(value for value in (_literal(part) for part in node.elts) if value is not None)
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _names(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _ordered(found: dict[str, Migration]) -> list[Migration]:
    """Return the migrations, each after those it follows; otherwise by version."""
    ordered: dict[str, Migration] = {}
    todo = [found[version] for version in sorted(found, reverse=True)]
    while todo:
        one = todo[-1]
        waiting = [found[v] for v in one.after if v in found and v not in ordered and found[v] not in todo]
        if waiting:
            todo += waiting
            continue
        ordered[one.version] = one
        todo.pop()
        todo = [m for m in todo if m.version != one.version]
    return list(ordered.values())
