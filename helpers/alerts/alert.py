"""One alert, whoever sent it: bounded text, nothing of it ever run, formatted into a statement or trusted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

__all__ = ["Alert", "Hints", "fingerprint_of"]


@dataclass(frozen=True, slots=True)
class Hints:
    """What an alert says about where it hurts; each is empty where it does not say.

    `method` and `route` are as written (`/orders/{id}` is a route, not a request), `url` the full address where one was given.
    """

    method: str = ""
    route: str = ""
    url: str = ""
    table: str = ""
    database: str = ""
    key: str = ""
    host: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """What was sent: `starts_at` in UTC or None, `also` the titles of others in the same notification.

    `fingerprint` is the same for whatever its sender would call the same alert; it tells firing from resolved no more than the sender does.
    """

    source: str
    title: str
    firing: bool
    severity: str
    starts_at: datetime | None
    service: str
    labels: Mapping[str, str]
    text: str
    url: str
    fingerprint: str
    hints: Hints = field(default_factory=Hints)
    also: Sequence[str] = ()

    @property
    def status(self) -> str:
        """`firing` or `resolved`."""
        return "firing" if self.firing else "resolved"

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON values, those that are empty left out."""
        said = {**asdict(self), "status": self.status, "starts_at": self.starts_at.isoformat() if self.starts_at else ""}
        said["hints"] = {name: value for name, value in said["hints"].items() if value}
        del said["firing"]
        return {name: value for name, value in said.items() if value}

    def lines(self) -> list[str]:
        """Return it as a few sentences for people."""
        since = f" since {self.starts_at:%Y-%m-%d %H:%M:%S} UTC" if self.starts_at else ""
        said = [f"Alert from {self.source}: {self.title} [{self.status}{f', {self.severity}' if self.severity else ''}]{since}"]
        said += ["It is resolved by now, its sender says: what is found below is as of now."] if not self.firing else []
        where = {"service": self.service, **{k: v for k, v in asdict(self.hints).items() if v}}
        said += [f"It names {', '.join(f'{name} {value}' for name, value in where.items() if value)}."] if any(where.values()) else []
        return said + ([f"And {len(self.also)} more in the same notification: {'; '.join(self.also[:5])}"] if self.also else [])


def fingerprint_of(source: str, *parts: str) -> str:
    """Return a short name, of hexadecimal digits, for what these parts name together."""
    return hashlib.sha256("\x1f".join([source, *parts]).encode("utf-8", "backslashreplace")).hexdigest()[:32]
