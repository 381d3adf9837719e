"""The senders there are, found by folder: each file offers `recognises(document)` and `read(document)`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from helpers.alerts.alert import Alert
from helpers.alerts.bounded import Fields

__all__ = ["Format", "formats"]


class Format(Protocol):
    """One sender's payloads."""

    def recognises(self, document: Mapping[str, Any]) -> bool:
        """Return whether it looks like one of this sender's, and of nobody else's."""

    def read(self, document: Fields) -> Alert:
        """Return the alert. Raises AlertError where something is of the wrong type."""


@cache
def formats() -> dict[str, Format]:
    """Return name → format, in the order of their names."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
    return {name: import_module(f"{__name__}.{name}") for name in names}
