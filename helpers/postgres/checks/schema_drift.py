"""Whether the live schema is behind the one the code was written for.

Statements fail with "column does not exist" after a deployment that ran ahead of its migration, or after a migration that ran on one
database only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from helpers.postgres.connect import Postgres
from helpers.postgres.migrations.books import Standing
from helpers.postgres.schema.compare import Comparison, Kind
from helpers.postgres.schema.drift import Drift, DriftReader
from helpers.results import Diagnosis, Status

__all__ = ["judge", "schema_drift"]

PENDING = "If the code that needs it is not deployed yet, this is a migration still to come, and not a drift."
TOLD = 10


async def schema_drift(
    pg: Postgres, *, compare_with: str = "", compare_database: str = "", migrations: str = "", ignore: Sequence[str] = ()
) -> Diagnosis:
    """The difference of the live schema from the wanted one that breaks most.

    Args:
        pg: Read-only session to the live database.
        compare_with: Reference to another database's address, `env:NAME` or `file:PATH`, or a profile's name.
        compare_database: Name of another database on the same server, opened with the same role.
        migrations: Folder of migrations of a known tool.
        ignore: Schemas or relations left out.

    Returns:
        PROBLEM with `schema_drift` and subject `table.column`, `table`, `type` or `migration NAME`; OK when nothing is missing; UNKNOWN
        when the two do not belong together.

    Raises:
        Refused: there is nothing to compare with, or it cannot be read.
        SystemProblem: the live server cannot be asked.

    Source: PostgreSQL manual, system catalogs; appendix A for what each difference breaks.

    """
    reader = await DriftReader.opened(pg, compare_with, compare_database, migrations, ignore)
    _, drift = await reader.read(pg)
    target = {"compare_with": compare_with, "compare_database": compare_database, "ignore": list(ignore)}
    return judge(drift, target)


def judge(drift: Drift, target: dict[str, Any]) -> Diagnosis:
    """Return what the drift adds up to; a migration that was not applied is the root of what is missing. Pure."""
    standing, comparison = drift.standing, drift.comparison
    if comparison is not None and comparison.shared == 0:
        text = f"The two databases share none of {comparison.wanted} tables: the one to compare with is another application's."
        return Diagnosis(Status.UNKNOWN, summary=text)
    if standing is not None and _astray(standing):
        text = (
            f"{standing.table} stands at {', '.join(standing.unknown[:3])}, which the folder does not know: it is not the deployed code's."
        )
        return Diagnosis(Status.UNKNOWN, summary=text)
    if drift.failed or (standing is not None and (standing.failed or standing.pending)):
        return _migrations(drift)
    if comparison is not None and comparison.differences:
        return _structure(drift, comparison, target)
    if standing is not None and standing.doubtful:
        text = f"{len(standing.doubtful)} migrations are of apps that have none applied ({standing.doubtful[0]}): are they installed?"
        return Diagnosis(Status.UNKNOWN, summary=text, against=["python manage.py showmigrations says which apps are."])
    return _sound(drift)


def _astray(standing: Standing) -> bool:
    """Whether the books stand where the folder does not reach: Alembic's hold the last revision only, so nothing can be said of the others."""
    return bool(standing.unknown) and (standing.tool == "alembic" or not standing.pending)


def _migrations(drift: Drift) -> Diagnosis:
    standing = drift.standing
    failed = list(drift.failed) or (list(standing.failed) if standing else [])
    pending = list(standing.pending) if standing else []
    first, state = (failed[0], "failed half-way") if failed else (pending[0], "is not applied")
    more = len(failed) + len(pending) - 1
    count = f", nor are {more} after it" if more and not failed else f"; {more} more are due" if more else ""
    because = [f"{name} began and did not end." for name in failed[:TOLD]]
    if standing:
        because += [f"{standing.table} does not hold {name}." for name in pending[:TOLD]]
    if drift.comparison:
        because += [d.said for d in drift.comparison.differences[:TOLD]]
    facts = {"pending": pending, "failed": failed, "tool": standing.tool if standing else ""}
    return Diagnosis(
        Status.PROBLEM, "schema_drift", f"migration {first}", f"Migration {first} {state}{count}.",
        {"tool": standing.tool if standing else "", "pending": pending, "failed": failed}, because, [] if failed else [PENDING], facts, "apply_migrations",
    )  # fmt: skip


def _structure(drift: Drift, comparison: Comparison, target: dict[str, Any]) -> Diagnosis:
    found = comparison.differences
    first = found[0]
    if first.kind is Kind.INDEX_INVALID:  # the gravest: nothing but INVALID indexes differs
        return Diagnosis(Status.PROBLEM, "invalid_index", first.thing.name, f"The schemas agree, but {first.thing.name} is INVALID here.")
    more = f" Besides it {len(found) - 1} more." if len(found) > 1 else ""
    versions = [s.version_num // 10000 for s in (drift.live, drift.wanted) if s]
    against = [PENDING, *(f"{name} is here only: it may be the same under its new name." for name in _renamed(comparison))]
    if len(set(versions)) > 1:
        against.append(
            f"The servers are of different versions ({versions[0]} and {versions[1]}), which may write the same rule differently."
        )
    facts = {"differences": len(found), "extras": comparison.extras[:50]}
    because = [d.said for d in found[:TOLD]]
    return Diagnosis(Status.PROBLEM, "schema_drift", first.subject, first.said + more, target, because, against, facts, "migrate_schema")


def _renamed(comparison: Comparison) -> list[str]:
    """Return the columns that only the live table has, where it lacks one."""
    tables = {d.subject.removesuffix(f".{d.thing.name}") for d in comparison.differences if d.kind is Kind.COLUMN_MISSING}
    return [extra for extra in comparison.extras if any(extra.startswith(f"{table}.") for table in tables)]


def _sound(drift: Drift) -> Diagnosis:
    said = []
    if drift.comparison is not None:
        said.append(f"The live schema has all of {drift.comparison.wanted} tables and views as wanted.")
    if drift.standing is not None:
        said.append(f"{drift.standing.table} says every migration of the folder is applied.")
    extras = drift.comparison.extras if drift.comparison else []
    return Diagnosis(Status.OK, summary=" ".join(said), against=[f"{name} is here only." for name in extras[:TOLD]])
