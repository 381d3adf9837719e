"""Alerts of other people's monitoring, read as data: who sent it, what it says, and the few hints that a triage can use."""

from helpers.alerts.alert import Alert, Hints
from helpers.alerts.reading import alert_in, read_alert

__all__ = ["Alert", "Hints", "alert_in", "read_alert"]
