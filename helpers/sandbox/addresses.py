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
    `application` is the role of the demo application, `admin` the superuser. Where the web application runs alone, it is the profile's api,
    and `platform` (an imitation of Vercel's REST API) is its vercel.
    """

    folder: str
    postgres: str = ""
    application: str = ""
    admin: str = ""
    redis: str = ""
    api: str = ""
    code: str = ""
    web: str = ""
    web_code: str = ""
    platform: str = ""
    platform_token: str = ""
    rows: int = 0

    def profile(self) -> dict[str, Any]:
        """Return the profile's keys; those without a value are left out."""
        logs = [f"{escape(self.folder)}/logs/shop-{'api' if self.api else 'web'}*.ndjson"] if self.api or self.web else []
        api, code = (self.api, self.code) if self.api else (self.web, self.web_code)
        vercel = {} if self.api or not self.platform else {"project": "shop-web", "token": self.platform_token, "api": self.platform}
        values = {"postgres": self.postgres, "redis": self.redis, "api": api, "logs": logs, "code": code, "vercel": vercel}
        return {key: value for key, value in values.items() if value}
