"""Migrations whose file name begins with their version: Prisma, Flyway, Rails, golang-migrate, goose and dbmate."""

from __future__ import annotations

import re
from pathlib import Path

from helpers.postgres.migrations.migration import Folder, Migration

__all__ = ["flyway_version", "read_numbered"]

_HEAD_BYTES = 4096
_FLYWAY = re.compile(r"V(\d[\d._]*)__(.+)\.sql")
_NUMBERED = re.compile(r"(\d+)[_-](.+?)(?:\.up)?\.(?:sql|rb)")


def read_numbered(path: Path) -> Folder | None:
    """Return the folder's migrations by version, or None when nothing in it is numbered the way a known tool does."""
    prisma = sorted(p.parent.name for p in path.glob("*/migration.sql"))
    if prisma:
        return Folder("prisma", [Migration(name, name) for name in prisma], str(path))
    files = sorted(p for p in path.iterdir() if p.suffix in (".sql", ".rb"))
    flyway = [(flyway_version(m[1]), p.stem) for p in sorted(path.rglob("V*.sql")) if (m := _FLYWAY.fullmatch(p.name))]
    if flyway:
        flyway.sort(key=lambda pair: [int(part) for part in pair[0].split(".")])
        return Folder("flyway", [Migration(version, name) for version, name in flyway], str(path))
    tool = _tool(files)
    if not tool:
        return None
    found = [(p, m) for p in files if not p.name.endswith(".down.sql") and (m := _NUMBERED.fullmatch(p.name))]
    made = [Migration(_version(tool, m[1]), p.name.removesuffix(p.suffix).removesuffix(".up")) for p, m in found]
    return Folder(tool, sorted(made, key=lambda one: int(one.version)), str(path))


def flyway_version(text: str) -> str:
    """Return a Flyway version as it compares: `1.0` and `1` are the same, `_` is a dot."""
    parts = [str(int(part)) for part in re.split(r"[._]", text) if part]
    while len(parts) > 1 and parts[-1] == "0":
        parts.pop()
    return ".".join(parts)


def _tool(files: list[Path]) -> str:
    numbered = [p for p in files if _NUMBERED.fullmatch(p.name)]
    if not numbered:
        return ""
    if any(p.suffix == ".rb" for p in numbered):
        return "rails"
    if any(p.name.endswith(".up.sql") for p in numbered):
        return "golang-migrate"
    with numbered[0].open(encoding="utf-8") as file:
        head = file.read(_HEAD_BYTES)
    return "goose" if "-- +goose" in head else "dbmate" if "-- migrate:up" in head else ""


def _version(tool: str, digits: str) -> str:
    """Return the version as the tool's table holds it: a number, or for Rails and dbmate the text itself."""
    return digits if tool in ("rails", "dbmate") else str(int(digits))
