"""Read the alert that `runbook triage` is given, from a file or from standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from helpers.alerts import Alert, read_alert
from helpers.alerts.bounded import ACCEPTED, MOST_BYTES
from helpers.errors import AlertError

__all__ = ["alert_in"]


def alert_in(source: str) -> Alert:
    """Return the alert in the file `source`, or of standard input where it is `-`; never more is read than an alert may have.

    Raises:
        AlertError: the file cannot be read, or holds no alert of a known sender.

    """
    if source == "-":
        return read_alert(sys.stdin.buffer.read(MOST_BYTES + 1))
    try:
        with Path(source).expanduser().open("rb") as file:
            return read_alert(file.read(MOST_BYTES + 1))
    except OSError as error:
        raise AlertError(f"The alert {source} cannot be read: {error.strerror}.", remedy=ACCEPTED) from None
