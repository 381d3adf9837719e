"""From the bytes of a webhook to an alert, whoever sent it."""

from __future__ import annotations

from helpers.alerts.alert import Alert
from helpers.alerts.bounded import Fields, load, wrong
from helpers.alerts.formats import formats

__all__ = ["read_alert"]


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
