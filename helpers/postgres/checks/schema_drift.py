"""Whether the live schema is behind the one the code was written for.

Statements fail with "column does not exist" after a deployment that ran ahead of its migration, or after a migration that ran on one
database only.
"""

from __future__ import annotations

from collections.abc import Sequence

from helpers.postgres.checks.schema_differences import compared
from helpers.postgres.connect import Postgres
from helpers.postgres.schema_catalog import HARMLESS, Difference, Part, read_schema
from helpers.postgres.schema_changes import change_for
from helpers.postgres.wanted_schema import NOTHING, Migrations, other_database
from helpers.results import Diagnosis, Status

__all__ = ["judge", "judge_migrations", "schema_drift"]


async def schema_drift(pg: Postgres, *, compare_database: str = "", compare_with: str = "", migrations: str = "") -> Diagnosis:
    """The gravest difference of the live schema from the wanted one.

    Args:
        pg: Read-only session to the live database.
        compare_database: Name of another database on the same server, opened with the same role.
        compare_with: Reference to another database's address, `env:NAME` or `file:PATH`.
        migrations: Folder of migrations (Alembic, Flyway, Prisma, Rails, dbmate, golang-migrate).

    Returns:
        PROBLEM with `schema_drift` and subject `table`, `table.column` or `migration NAME`; OK when nothing is missing;
        UNKNOWN when nothing to compare with is given.

    Source: PostgreSQL manual, system catalogs.

    """
    found = await compared(pg, compare_database, compare_with, migrations)
    if found is None:
        return Diagnosis(Status.UNKNOWN, summary=NOTHING)
    if isinstance(found, Migrations):
        return judge_migrations(found)
    async with other_database(pg, compare_database, compare_with) as other:
        return judge(found, await read_schema(other))


def judge(found: Sequence[Difference], wanted: Sequence[Part]) -> Diagnosis:
    """Return the cause that the differences make, with the statements that take them away; pure."""
    grave = [d for d in found if d.kind not in HARMLESS]
    extra = [f"{d.subject} is here only: {d.live}." for d in found if d.kind in HARMLESS]
    if not grave:
        return Diagnosis(Status.OK, summary="The live schema has everything that the wanted one has.", against=extra)
    changes = [change_for(d, wanted) for d in grave]
    first = grave[0]
    target = {
        "up": [s for c in changes if not c.alone for s in c.up],
        "alone": [s for c in changes if c.alone for s in c.up],
        "down": [s for c in reversed(changes) for s in c.down],
        "careful": [c.careful for c in changes if c.careful],
    }
    return Diagnosis(
        Status.PROBLEM, "schema_drift", first.subject, f"{_said(first)}" + (f" {len(grave) - 1} more differ." if len(grave) > 1 else ""),
        target, because=[_said(d) for d in grave[:10]], against=extra[:5], facts={"differences": len(grave), "extra": len(extra)},
    )  # fmt: skip


def _said(difference: Difference) -> str:
    what, _, kind = difference.kind.partition(" ")
    if what == "missing":
        return (
            f"{difference.subject} lacks the {kind} {difference.wanted}."
            if kind in ("constraint", "index")
            else f"{difference.subject} is missing: {difference.wanted}."
        )
    return f"{difference.subject} has the {kind} {difference.live}, wanted is {difference.wanted}."


def judge_migrations(found: Migrations) -> Diagnosis:
    """Return the cause that migrations which were not applied make; pure."""
    if not found.pending:
        return Diagnosis(Status.OK, summary=f"All {len(found.known)} migrations were applied, {found.table} says.")
    strange = [name for name in found.applied if name not in found.known]
    return Diagnosis(
        Status.PROBLEM, "schema_drift", f"migration {found.pending[0]}",
        f"{len(found.pending)} of {len(found.known)} migrations were not applied: {', '.join(found.pending[:5])}.",
        {"up": [], "alone": [], "down": [], "careful": [f"Run the migration tool: {', '.join(found.pending)} are due."]},
        because=[f"{found.table} does not list {name}." for name in found.pending[:10]],
        against=[f"{found.table} lists {name}, which the folder lacks." for name in strange[:5]],
    )  # fmt: skip
