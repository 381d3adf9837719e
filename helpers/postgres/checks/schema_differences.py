"""What the live schema lacks, or has otherwise, beside the wanted one.

The wanted one is another database, or a folder of migrations against the table that says which of them were applied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.schema.drift import Drift, DriftReader
from helpers.results import CheckResult, Status

__all__ = ["DriftRow", "rows_of", "schema_differences"]


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One difference: its kind, what it is of, as wanted and as it is."""

    kind: str
    subject: str
    wanted: str
    live: str


async def schema_differences(
    pg: Postgres, *, compare_with: str = "", compare_database: str = "", migrations: str = "", ignore: Sequence[str] = ()
) -> CheckResult[DriftRow]:
    """Differences of the live schema from the wanted one, those that break most first.

    Args:
        pg: Read-only session to the live database.
        compare_with: Reference to another database's address, `env:NAME` or `file:PATH`, or a profile's name.
        compare_database: Name of another database on the same server, opened with the same role.
        migrations: Folder of migrations of a known tool.
        ignore: Schemas or relations left out.

    Returns:
        PROBLEM when something is missing or otherwise; OK when nothing differs, or only what breaks nobody.

    Raises:
        Refused: there is nothing to compare with, or it cannot be read.
        SystemProblem: the live server cannot be asked.

    Source: PostgreSQL manual, system catalogs; the tools' manuals for their version tables.

    """
    reader = await DriftReader.opened(pg, compare_with, compare_database, migrations, ignore)
    _, drift = await reader.read(pg)
    rows = rows_of(drift)
    extras = drift.comparison.extras if drift.comparison else []
    facts = {"differences": drift.count, "extras": extras[:50]}
    if rows:
        return CheckResult(Status.PROBLEM, rows, f"{drift.count} differences; the gravest: {rows[0].subject}, {rows[0].kind}.", facts=facts)
    more = f" {len(extras)} things are here only, which breaks nobody." if extras else ""
    return CheckResult(Status.OK, rows, f"Nothing that is wanted is missing here.{more}", facts=facts)


def rows_of(drift: Drift) -> list[DriftRow]:
    """Return everything that was found as rows, those that break most first. Pure."""
    rows = [DriftRow("migration failed half-way", f"migration {name}", "applied", "failed") for name in drift.failed]
    if drift.standing:
        table = drift.standing.table
        rows += [
            DriftRow("migration failed half-way", f"migration {name}", "applied", f"failed ({table})") for name in drift.standing.failed
        ]
        rows += [DriftRow("migration not applied", f"migration {name}", "applied", f"not in {table}") for name in drift.standing.pending]
    differences = drift.comparison.differences if drift.comparison else []
    return rows + [DriftRow(d.label, d.subject, f"{d.thing.name} {d.wanted}".strip(), d.live) for d in differences]
