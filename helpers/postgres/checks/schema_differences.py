"""What the live schema lacks, or has otherwise, beside the wanted one.

The wanted one is another database, or a folder of migrations against the table that says which of them were applied.
"""

from __future__ import annotations

from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.schema_catalog import HARMLESS, Difference, differences, read_schema
from helpers.postgres.wanted_schema import NOTHING, Migrations, other_database, pending_migrations
from helpers.results import CheckResult, Status

__all__ = ["DriftRow", "compared", "schema_differences"]


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One difference: what kind, of what, as wanted and as it is; empty where it is not there."""

    kind: str
    subject: str
    wanted: str
    live: str


async def compared(pg: Postgres, compare_database: str, compare_with: str, migrations: str) -> list[Difference] | Migrations | None:
    """Return the differences from another database, the state of the migrations, or None when nothing to compare with is given."""
    if compare_database or compare_with:
        async with other_database(pg, compare_database, compare_with) as other:
            return differences(await read_schema(pg), await read_schema(other))
    return await pending_migrations(pg, migrations) if migrations else None


async def schema_differences(
    pg: Postgres, *, compare_database: str = "", compare_with: str = "", migrations: str = ""
) -> CheckResult[DriftRow]:
    """Differences of the live schema from the wanted one, the gravest first.

    Args:
        pg: Read-only session to the live database.
        compare_database: Name of another database on the same server, opened with the same role.
        compare_with: Reference to another database's address, `env:NAME` or `file:PATH`.
        migrations: Folder of migrations (Alembic, Flyway, Prisma, Rails, dbmate, golang-migrate).

    Returns:
        PROBLEM when something is missing or otherwise; OK when only harmless extras or nothing differ; UNKNOWN when nothing to
        compare with is given.

    Raises:
        ParameterError: the folder holds no migrations of a known tool.
        SystemProblem: one of the two cannot be asked.

    Source: PostgreSQL manual, system catalogs; the tools' manuals for their version tables.

    """
    found = await compared(pg, compare_database, compare_with, migrations)
    if found is None:
        return CheckResult(Status.UNKNOWN, reason=NOTHING)
    rows = rows_of(found)
    grave = [row for row in rows if row.kind not in HARMLESS]
    if grave:
        return CheckResult(Status.PROBLEM, rows, f"{len(grave)} differences; the gravest: {grave[0].kind} {grave[0].subject}.")
    return CheckResult(
        Status.OK, rows, "Nothing that the wanted schema has is missing here." + (f" {len(rows)} things are here only." if rows else "")
    )


def rows_of(found: list[Difference] | Migrations) -> list[DriftRow]:
    """Return either comparison as rows."""
    if isinstance(found, Migrations):
        return [DriftRow("migration not applied", name, found.table, "") for name in found.pending]
    return [DriftRow(d.kind, d.subject, d.wanted, d.live) for d in found]
