"""Grafana's unified alerting: Alertmanager's group, with an organisation, values and links of its own.

Source: Grafana documentation, Configure the webhook notifier for Alerting.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpers.alerts.alert import Alert
from helpers.alerts.bounded import Fields
from helpers.alerts.grouped import read_group

__all__ = ["read", "recognises"]


def recognises(document: Mapping[str, Any]) -> bool:
    """Return whether it is a group of alerts with an organisation."""
    return "alerts" in document and "orgId" in document


def read(document: Fields) -> Alert:
    """Return the group's leading alert."""
    return read_group("grafana", document, address=("panelURL", "dashboardURL", "generatorURL"))
