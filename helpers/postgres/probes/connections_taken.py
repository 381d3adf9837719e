"""How full the fullest limit on connections is, looked at several times a second.

Each sample is the share of it that is taken, in per cent. The limit that is the fullest at the first look (the server's, a role's or a
database's) stays the one that is measured, so that before and after are the same question. This program's own sessions do not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.postgres.connect import Postgres
from helpers.postgres.gauge import Gauge
from helpers.postgres.limits import fullest, read_limits

__all__ = ["ConnectionsTaken"]


@dataclass(frozen=True)
class ConnectionsTaken(Gauge):
    """Share of the usable connections that is taken, in per cent.

    Source: check_postgres `backends`; pg_stat_activity and pg_roles, which every role may read.
    """

    metric: ClassVar[str] = "pct"

    @property
    def name(self) -> str:
        """What is measured."""
        return "connections taken, of the fullest limit"

    async def look(self, pg: Postgres) -> float:
        """Return the share of this moment."""
        limit = fullest(await read_limits(pg), self.__dict__.get("_measured"))
        object.__setattr__(self, "_measured", limit.key)  # no field: it is no setting, but what was found
        return limit.pct
