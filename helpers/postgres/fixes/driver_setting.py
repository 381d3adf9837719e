"""Propose the driver's setting that does without prepared statements, or the pooler's that carries them over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import FixPreview, Proposal
from helpers.postgres.connect import Postgres
from helpers.postgres.pooling.drivers import DRIVERS

__all__ = ["DriverSetting"]

POOLER = """\
; or, for every client at once, pgbouncer.ini of PgBouncer 1.21 and later; then RELOAD in its console
[pgbouncer]
max_prepared_statements = 200"""


@dataclass(frozen=True)
class DriverSetting(Proposal):
    """The text for `driver` (empty: for every driver known), and for PgBouncer.

    `application_name` and `pooler_version`, where they are known, are for people.
    """

    driver: str = ""
    application_name: str = ""
    pooler_version: str = ""

    needs: ClassVar[str] = "postgres"

    async def preview(self, session: Postgres) -> FixPreview:
        """Return the settings, what they cost and what else to mind. Reads nothing."""
        whose = self.application_name or "every application behind this pooler"
        effects = [
            f"Set in {whose}: each statement is parsed and planned again on every run, which costs a fraction of a millisecond.",
            "What is prepared on the server connections now stays until PgBouncer's RECONNECT, or until server_lifetime.",
        ]
        if self.pooler_version:
            effects.append(f"The pooler is PgBouncer {self.pooler_version}; max_prepared_statements needs 1.21.")
        return FixPreview(statements=self._texts(), effects=effects, advice=_ADVICE)

    def patch(self, preview: FixPreview) -> str:
        """Return the settings as text: the driver's, then the pooler's."""
        return "\n\n".join([*preview.statements, POOLER])

    def _texts(self) -> list[str]:
        known = [d.setting for d in DRIVERS if d.name == self.driver]
        return known or [d.setting for d in DRIVERS]


_ADVICE = [
    "Other state of a session gets lost or leaks in transaction pooling as well: use SET LOCAL instead of SET, and no session-level "
    "advisory locks, LISTEN or temporary tables through this pooler.",
    "Where a session's state is needed (migrations, LISTEN), give that client a direct address or a pool with pool_mode = session.",
]
