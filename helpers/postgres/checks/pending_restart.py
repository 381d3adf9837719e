"""Settings that were changed and wait for a restart.

The file says one thing and the server does another; the next restart, planned or not, changes how it behaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import judged, many, named
from helpers.results import CheckResult

__all__ = ["PendingSetting", "judge", "pending_restart"]

# What the server's command line says outranks the file, after a restart too; the server flags it all the same.
_SQL = (
    "select name as setting, current_setting(name) as value from pg_settings "
    "where pending_restart and source <> 'command line' order by name"
)


@dataclass(frozen=True, slots=True)
class PendingSetting:
    """One setting and the value that is in force; the new one stands in the configuration file."""

    setting: str
    value: str


async def pending_restart(pg: Postgres) -> CheckResult[PendingSetting]:
    """Settings whose new value waits for a restart, by name.

    Returns:
        PROBLEM when there are any; OK and empty otherwise.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, pg_settings.pending_restart; check_postgres `settings_checksum` sees that something changed.

    """
    rows = await pg.fetch(_SQL)
    return judge([PendingSetting(**row) for row in rows])


def judge(rows: Sequence[PendingSetting]) -> CheckResult[PendingSetting]:
    """Return the status of the settings; pure."""
    return judged(
        rows,
        lambda _: True,
        problem=lambda bad: (
            f"{many(len(bad), 'setting waits', 'settings wait')} for a restart: {named([f'{r.setting} (still {r.value})' for r in bad])}."
        ),
        fine="No changed setting waits for a restart.",
    )
