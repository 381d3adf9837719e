"""Which profile an alert is asked about: what the operator wrote down, and nothing the alert could choose by itself."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.alerts import Alert
from helpers.errors import ProfileError, UsageError, near_misses
from helpers.serve.refusal import Refusal
from helpers.settings import profile_names

__all__ = ["Routing", "read_map"]


@dataclass(frozen=True, slots=True)
class Routing:
    """The profile for whatever is not in the map (empty: it is refused), and label → value → profile."""

    profile: str = ""
    by_label: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, alert: Alert) -> str:
        """Return the profile to ask. Raises Refusal (422) where the operator gave none for it."""
        labels = {**alert.labels, "service": alert.service}
        found = next((values[labels[name]] for name, values in self.by_label.items() if labels.get(name) in values), self.profile)
        if not found:
            raise Refusal(422, "unmapped", "no profile is given for such an alert")
        return found


def read_map(path: Path | None, profile: str) -> Routing:
    """Return the routing of a TOML file of tables: `[service]`, then `checkout = "shop"`; `profile` is for the rest.

    Raises:
        UsageError: neither is given, or the file cannot be read as such.
        ProfileError: it names a profile that is not there.

    """
    if path is None and not profile:
        raise UsageError("Which systems are to be asked is not given.", remedy="Write --profile NAME, or --map FILE.")
    table: dict[str, Any] = {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")) if path else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.") from None
    for label, values in table.items():
        if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
            raise UsageError(f"{path}: {label} is no table of texts.", remedy='Write [service], and below it: checkout = "shop"')
    routing = Routing(profile, table)
    names = profile_names()
    for name in [*filter(None, [profile]), *(value for values in table.values() for value in values.values())]:
        if name not in names:
            raise ProfileError(f"There is no profile {name}.", remedy=f"{near_misses(name, names)} Known: {', '.join(names)}.".strip())
    return routing
