"""What a migration tool's own table says is applied (I/O), and what of a folder is not (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.errors import Refused
from helpers.postgres.connect import Postgres, Record
from helpers.postgres.migrations.migration import Folder
from helpers.postgres.migrations.numbered import flyway_version

__all__ = ["Books", "Standing", "read_books", "read_failures", "standing"]

MOST_ROWS = 100_000

# Where each tool keeps its books, and the columns that say what is applied (each tool's own documentation).
TABLES = {
    "alembic": ("alembic_version", "version_num as version"),
    "django": ("django_migrations", "app || '.' || name as version"),
    "prisma": ("_prisma_migrations", "migration_name as version, finished_at is not null and rolled_back_at is null as done, rolled_back_at is null as open"),
    "flyway": ("flyway_schema_history", "version, success as done, type = 'BASELINE' as baseline"),
    "rails": ("schema_migrations", "version::text as version"),
    "dbmate": ("schema_migrations", "version::text as version"),
    "golang-migrate": ("schema_migrations", "version::text as version, not dirty as done"),
    "goose": ("goose_db_version", "version_id::text as version, is_applied as done, false as open, id"),
}  # fmt: skip

FIND = """
select format('%I.%I', n.nspname, c.relname) as table
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relname = $1 and c.relkind in ('r', 'p') and n.nspname !~ '^pg_' order by pg_table_is_visible(c.oid) desc, 1
"""


# The tables that also say what failed; schema_migrations does for golang-migrate only.
TELLING = """
select distinct tool
from (values ('prisma', '_prisma_migrations', 'finished_at'), ('flyway', 'flyway_schema_history', 'success'),
    ('golang-migrate', 'schema_migrations', 'dirty')) as known (tool, relation, attribute)
join pg_class c on c.relname = relation and c.relkind in ('r', 'p')
join pg_attribute a on a.attrelid = c.oid and a.attname = attribute and not a.attisdropped
order by 1
"""


@dataclass(frozen=True, slots=True)
class Books:
    """`applied` versions, `failed` ones that began and did not end, and the `baseline` version before which nothing is run."""

    table: str
    applied: frozenset[str]
    failed: tuple[str, ...] = ()
    baseline: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Of a folder: what is not applied, in its order; what failed half-way; and what is applied although the folder does not know it.

    `doubtful` are not applied either, but of an app none of whose migrations is: it may not be installed.
    """

    pending: Sequence[str]
    failed: Sequence[str]
    unknown: Sequence[str]
    doubtful: Sequence[str]
    tool: str
    table: str


async def read_books(pg: Postgres, tool: str) -> Books:
    """Return what the tool's table says. Raises Refused when there is no such table or it may not be read."""
    name, columns = TABLES[tool]
    tables = await pg.fetch(FIND, name)
    if not tables:
        text = f"There is no table {name}: {tool} never ran on this database."
        raise Refused("postgres", text, remedy="Is it the right database, and the right folder?")
    table = tables[0]["table"]
    rows = await pg.fetch(f"select {columns} from {table}", limit=MOST_ROWS)  # noqa: S608 - quoted by the server, columns are ours
    return _books(tool, table, rows)


async def read_failures(pg: Postgres) -> list[str]:
    """Return the versions that any tool's table says began and did not end, with nothing given: `3 (public.flyway_schema_history)`."""
    failed = []
    for tool in [row["tool"] for row in await pg.fetch(TELLING)]:
        books = await read_books(pg, tool)
        failed += [f"{version} ({books.table})" for version in books.failed]
    return failed


def _books(tool: str, table: str, rows: Sequence[Record]) -> Books:
    if tool == "flyway":
        rows = [{**row, "version": flyway_version(row["version"])} for row in rows if row["version"]]
    if tool == "goose":
        ordered = sorted(rows, key=lambda row: row["id"])  # up and down are written one below the other: the last of a version counts
        rows = list({row["version"]: row for row in ordered if row["version"] != "0"}.values())
    done = frozenset(row["version"] for row in rows if row.get("done", True))
    failed = tuple(row["version"] for row in rows if not row.get("done", True) and row.get("open", True) and row["version"] not in done)
    baseline = next((row["version"] for row in rows if row.get("baseline")), "")
    return Books(table, done, failed, baseline)


def standing(folder: Folder, books: Books) -> Standing:
    """Return which migrations of the folder are not applied. Pure."""
    known = {m.version for m in folder.migrations} | {v for m in folder.migrations for v in m.replaces}
    applied, names = _reached(folder, books), {m.version: m.name for m in folder.migrations}
    squashed = {v for m in folder.migrations if m.version in applied for v in m.replaces}
    missing = [
        m for m in folder.migrations
        if m.version not in {*applied, *squashed, *books.failed} and not (m.replaces and applied.issuperset(m.replaces))
    ]  # fmt: skip
    apps = {_app(version) for version in applied}
    doubtful = [m.name for m in missing if folder.tool == "django" and _app(m.version) not in apps]
    return Standing(
        [m.name for m in missing if m.name not in doubtful], [names.get(v, v) for v in books.failed],
        sorted(v for v in books.applied - known if _ours(folder, v)), doubtful, folder.tool, books.table,
    )  # fmt: skip


def _app(version: str) -> str:
    return version.partition(".")[0]


def _ours(folder: Folder, version: str) -> bool:
    """Whether the folder should know a version: a Django project's table also holds the apps it installs from elsewhere."""
    return folder.tool != "django" or _app(version) in {_app(m.version) for m in folder.migrations}


def _reached(folder: Folder, books: Books) -> set[str]:
    """Return every version that is applied; two tools write down only where they stand."""
    applied = set(books.applied)
    if folder.tool == "alembic":
        after = {m.version: m.after for m in folder.migrations}
        todo = list(applied)
        while todo:
            more = set(after.get(todo.pop(), ())) - applied
            applied |= more
            todo += more
    if folder.tool == "golang-migrate":
        highest = max((int(v) for v in (*applied, *books.failed)), default=-1)
        applied |= {m.version for m in folder.migrations if int(m.version) <= highest} - set(books.failed)
    if books.baseline:
        below = [int(part) for part in books.baseline.split(".")]
        applied |= {m.version for m in folder.migrations if [int(part) for part in m.version.split(".")] <= below}
    return applied
