"""Where the systems of one sandbox are, with their secrets: what its profile and its faults are made of."""

from __future__ import annotations

from dataclasses import dataclass
from glob import escape
from typing import Any

__all__ = ["Addresses"]


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of one sandbox; a system it lacks is an empty string.

    `postgres` is the role a runbook gets: owner of the tables, pg_monitor, pg_signal_backend, no superuser.
    `application` is the role of the demo application, `admin` the superuser.
    """

    folder: str
    postgres: str = ""
    application: str = ""
    admin: str = ""
    redis: str = ""
    api: str = ""
    rows: int = 0

    def profile(self) -> dict[str, Any]:
        """Return the profile's keys; those without a value are left out."""
        logs = [f"{escape(self.folder)}/logs/shop-api*.ndjson"] if self.api else []
        values = {"postgres": self.postgres, "redis": self.redis, "api": self.api, "logs": logs}
        return {key: value for key, value in values.items() if value}
