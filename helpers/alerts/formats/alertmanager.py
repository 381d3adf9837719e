"""Alertmanager's webhook, version 4.

Source: Prometheus documentation, Alertmanager configuration, webhook_config.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpers.alerts.alert import Alert
from helpers.alerts.bounded import Fields
from helpers.alerts.grouped import read_group

__all__ = ["read", "recognises"]


def recognises(document: Mapping[str, Any]) -> bool:
    """Return whether it is a group of alerts that Grafana did not send."""
    return "alerts" in document and "orgId" not in document


def read(document: Fields) -> Alert:
    """Return the group's leading alert."""
    return read_group("alertmanager", document, address=("generatorURL",))
