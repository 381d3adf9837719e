"""From the bytes of a webhook to an alert, whoever sent it."""

from __future__ import annotations

from pathlib import Path

from helpers.alerts.alert import Alert
from helpers.alerts.bounded import ACCEPTED, MOST_BYTES, Fields, load, wrong
from helpers.alerts.formats import formats
from helpers.errors import AlertError

__all__ = ["alert_in", "read_alert"]


def alert_in(path: str) -> Alert | None:
    """Return the alert in a file, of which never more is read than an alert may have; None without a path.

    Raises:
        AlertError: the file cannot be read, or holds no alert of a known sender.

    """
    if not path:
        return None
    try:
        with Path(path).expanduser().open("rb") as file:
            return read_alert(file.read(MOST_BYTES + 1))
    except OSError as error:
        raise AlertError(f"The alert {path} cannot be read: {error.strerror}.", remedy=ACCEPTED) from None


def read_alert(body: bytes) -> Alert:
    """Return the alert in `body`, its sender recognised by what it holds; pure.

    Raises:
        AlertError: out of bounds, not JSON, of nobody known, or with a field of the wrong type; it says where, and what is accepted.

    """
    document = Fields.of(load(body))
    fitting = [(name, one) for name, one in formats().items() if one.recognises(document.value)]
    if not fitting:
        raise wrong("", "no sender that is known writes such a document")
    if len(fitting) > 1:
        raise wrong("", f"it might be of {' or of '.join(name for name, _ in fitting)}")
    return fitting[0][1].read(document)
