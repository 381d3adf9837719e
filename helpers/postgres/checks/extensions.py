"""Extensions that are older than the server's own copy, and the one that diagnosis needs.

After an upgrade an extension keeps its old SQL until somebody updates it. Without pg_stat_statements nothing tells which statements take
the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import ask, judged, named, unknown
from helpers.results import CheckResult

__all__ = ["Extension", "extensions", "judge"]

_WANTED = ("pg_stat_statements",)


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension of this database; `installed_version` is None where it is missing, `remedy` a statement or a setting.

    `known` is False where the role cannot see whether it is loaded.
    """

    name: str
    installed_version: str | None
    default_version: str | None
    remedy: str
    known: bool


async def extensions(pg: Postgres) -> CheckResult[Extension]:
    """Installed extensions, and those that diagnosis wants; what needs something first.

    Returns:
        PROBLEM when one is outdated or pg_stat_statements is missing here or not loaded; OK otherwise; UNKNOWN when
        the role cannot see whether it is loaded.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, pg_available_extensions, ALTER EXTENSION … UPDATE; pghero asks for pg_stat_statements.

    """
    return judge(await ask(pg, __file__, Extension, list(_WANTED)))


def judge(rows: Sequence[Extension]) -> CheckResult[Extension]:
    """Return the status of the extensions; pure."""
    found = judged(
        rows,
        lambda row: bool(row.remedy),
        problem=lambda bad: f"{named([f'{r.name} ({r.remedy})' for r in bad])}.",
        fine="Every extension is up to date, and pg_stat_statements is here.",
    )
    if found.status == "OK" and not all(row.known for row in rows):
        return unknown("This role cannot see which libraries are loaded.", rows=rows)
    return found
