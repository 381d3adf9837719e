"""Constraints that were added NOT VALID and never validated.

New rows obey them, old rows may not; the planner does not rely on them, and a restore or a join can still meet rows that break them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import ask, judged, many, named
from helpers.results import CheckResult

__all__ = ["NotValidated", "judge", "not_validated_constraints"]


@dataclass(frozen=True, slots=True)
class NotValidated:
    """One constraint; `kind` is check, foreign key or not null; `validate` is the statement that would end it."""

    table: str
    constraint: str
    kind: str
    validate: str


async def not_validated_constraints(pg: Postgres) -> CheckResult[NotValidated]:
    """Constraints that are not validated, by table and name; those declared NOT ENFORCED (PostgreSQL 18) are meant so.

    Returns:
        PROBLEM when there are any; OK and empty otherwise.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: pghero `invalid_constraints`, postgres-mcp; PostgreSQL manual, ALTER TABLE … VALIDATE CONSTRAINT.

    """
    return judge(await ask(pg, __file__, NotValidated))


def judge(rows: Sequence[NotValidated]) -> CheckResult[NotValidated]:
    """Return the status of the constraints; pure."""
    return judged(
        rows,
        lambda _: True,
        problem=lambda bad: (
            f"{many(len(bad), 'constraint is', 'constraints are')} not validated: {named([f'{r.constraint} on {r.table}' for r in bad])}."
        ),
        fine="Every constraint is validated.",
    )
