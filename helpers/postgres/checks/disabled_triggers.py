"""Triggers that are switched off.

A trigger disabled for a bulk load and forgotten lets rows in that break foreign keys or skip an audit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import ask, judged, many, named
from helpers.results import CheckResult

__all__ = ["DisabledTrigger", "disabled_triggers", "judge"]


@dataclass(frozen=True, slots=True)
class DisabledTrigger:
    """One trigger that is off; `constraint` names the foreign key it belongs to, if any."""

    table: str
    trigger: str
    function: str
    constraint: str | None


async def disabled_triggers(pg: Postgres) -> CheckResult[DisabledTrigger]:
    """Triggers that never fire, by table and name; those of foreign keys included.

    Returns:
        PROBLEM when there are any; OK and empty otherwise.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: check_postgres `disabled_triggers`; PostgreSQL manual, ALTER TABLE … DISABLE TRIGGER.

    """
    return judge(await ask(pg, __file__, DisabledTrigger))


def judge(rows: Sequence[DisabledTrigger]) -> CheckResult[DisabledTrigger]:
    """Return the status of the triggers; pure."""
    return judged(
        rows,
        lambda _: True,
        problem=lambda bad: (
            f"{many(len(bad), 'trigger is', 'triggers are')} disabled: {named([f'{r.constraint or r.trigger} on {r.table}' for r in bad])}."
        ),
        fine="No trigger is disabled.",
    )
