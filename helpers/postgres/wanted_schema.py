"""Where the wanted schema is known from: another database, or a folder of migrations beside the table that says which were applied."""

from __future__ import annotations

import ast
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.errors import ParameterError
from helpers.postgres.connect import Postgres
from helpers.settings import resolve

__all__ = ["NOTHING", "Migrations", "other_database", "pending_migrations"]

NOTHING = "There is nothing to compare with: give compare_database (a database on the same server), compare_with (env:NAME of an address), or migrations (a folder)."

# version table → (its column, SQL condition of an applied one)
TABLES = {
    "alembic_version": ("version_num", "true"),
    "schema_migrations": ("version", "true"),
    "flyway_schema_history": ("version", "success"),
    "_prisma_migrations": ("migration_name", "finished_at is not null and rolled_back_at is null"),
}


@dataclass(frozen=True, slots=True)
class Migrations:
    """What a folder holds against what the database says it ran; `table` is the version table that was read."""

    table: str
    known: list[str]
    applied: list[str]

    @property
    def pending(self) -> list[str]:
        """Migrations of the folder that were not applied, in order."""
        return [name for name in self.known if name not in self.applied]


@asynccontextmanager
async def other_database(pg: Postgres, compare_database: str, compare_with: str) -> AsyncIterator[Postgres]:
    """Yield a read-only session to the database that has the wanted schema. Raises Unreachable, or ProfileError for a reference that leads nowhere."""
    if compare_database:
        other = await pg.sibling(compare_database)
    else:
        other = await Postgres.connect(resolve(compare_with, where="compare_with"), application_name=pg.application_name)
    try:
        yield other
    finally:
        await other.close()


async def pending_migrations(pg: Postgres, folder: str) -> Migrations:
    """Return the folder's migrations and which of them the database has run.

    Raises:
        ParameterError: no such folder, no migrations in it, or no version table of a known tool in the database.

    """
    path = _folder(folder)
    names = [
        row["name"] for row in await pg.fetch("select relname::text as name from pg_class where relname = any($1::text[])", list(TABLES))
    ]
    for table in (name for name in TABLES if name in names):
        column, applied = TABLES[table]
        known = _alembic(path) if table == "alembic_version" else _by_file(path, table)
        question = f"select {column} as version from {table} where {applied} and {column} is not null"  # noqa: S608 - all from TABLES
        ran = [str(row["version"]) for row in await pg.fetch(question, limit=20_000)]
        if known:
            return Migrations(table, known, _ancestors(path, ran, known) if table == "alembic_version" else ran)
    raise ParameterError(
        f"{folder} holds no migrations of a tool whose version table is in the database.",
        remedy=f"Known tables: {', '.join(TABLES)} (Alembic; Rails, dbmate and golang-migrate; Flyway; Prisma).",
    )


def _folder(folder: str) -> Path:
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise ParameterError(f"There is no folder of migrations {folder}.")
    return path


def _by_file(path: Path, table: str) -> list[str]:
    if table == "_prisma_migrations":
        return sorted(folder.name for folder in path.iterdir() if (folder / "migration.sql").is_file())
    pattern = r"[VR]?(\d[\d._]*?)(?:__|_|\.|$)" if table == "flyway_schema_history" else r"(\d+)"
    found = [re.match(pattern, file.name) for file in sorted(path.iterdir()) if file.is_file() and not file.name.endswith(".down.sql")]
    versions = [match[1].replace("_", ".") if table == "flyway_schema_history" else match[1] for match in found if match]
    return list(dict.fromkeys(versions))


def _revisions(path: Path) -> dict[str, list[str]]:
    """Alembic's revision → the ones before it, read from the assignments in its files; nothing is run."""
    graph: dict[str, list[str]] = {}
    for file in sorted(path.rglob("*.py")):
        values: dict[str, Any] = {}
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if isinstance(target, ast.Name) and target.id in ("revision", "down_revision"):
                    values[target.id] = ast.literal_eval(node.value)
        if "revision" in values:
            before = values.get("down_revision")
            graph[values["revision"]] = [before] if isinstance(before, str) else list(before or ())
    return graph


def _alembic(path: Path) -> list[str]:
    graph, ordered = _revisions(path), list[str]()
    while len(ordered) < len(graph):
        ready = [name for name, before in graph.items() if name not in ordered and all(b in ordered or b not in graph for b in before)]
        if not ready:
            raise ParameterError(f"The revisions in {path} go round in a circle.")
        ordered += ready
    return ordered


def _ancestors(path: Path, ran: list[str], known: list[str]) -> list[str]:
    graph, todo, found = _revisions(path), list(ran), set[str]()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += graph.get(name, [])
    return [name for name in known if name in found]
