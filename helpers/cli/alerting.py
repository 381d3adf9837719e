"""Read the alert that `runbook triage` is given, from a file or from standard input."""

from __future__ import annotations

import sys

from helpers.alerts import Alert, alert_in, read_alert
from helpers.alerts.bounded import MOST_BYTES

__all__ = ["alert_given"]


def alert_given(source: str) -> Alert | None:
    """Return the alert in the file `source`, or of standard input where it is `-`; None where nothing is given. Raises AlertError."""
    return read_alert(sys.stdin.buffer.read(MOST_BYTES + 1)) if source == "-" else alert_in(source)
