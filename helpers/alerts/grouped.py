"""A notification that holds several alerts at once, as Alertmanager has it and Grafana took it over."""

from __future__ import annotations

from helpers.alerts.alert import Alert, fingerprint_of
from helpers.alerts.bounded import TITLE, Fields, wrong
from helpers.alerts.hints import SERVICE, first_of, hints_of

__all__ = ["read_group"]

_RANKS = ("page", "critical", "error", "high", "warning")  # as rules are usually labelled; whatever else comes after
MOST_ALSO = 20
MOST_ALERTS = 100


def read_group(source: str, document: Fields, *, address: tuple[str, ...]) -> Alert:
    """Return the leading alert of a group (firing before resolved, the most severe first), the others by title.

    The group is what its sender sends again, so the group's key is the fingerprint.

    Args:
        source: The sender's name.
        document: The notification.
        address: Fields of an alert that may hold a link for people, the best first.

    """
    alerts = sorted(document.each("alerts", MOST_ALERTS), key=_rank)
    if not alerts:
        raise wrong("alerts", "the list is empty")
    lead = alerts[0]
    labels = {**document.labels("commonLabels"), **lead.labels("labels")}
    notes = {**document.labels("commonAnnotations"), **lead.labels("annotations")}
    text = " ".join(notes[name] for name in ("summary", "description", "message") if notes.get(name))
    key = document.text("groupKey", 2000) or lead.text("fingerprint") or repr(sorted(labels.items()))
    links = {name: lead.text(name, 500) for name in address}
    return Alert(
        source=source, title=_title(lead) or document.text("title", TITLE) or "an alert without a name", firing=_fires(lead),
        severity=labels.get("severity", "") or labels.get("priority", ""), starts_at=lead.moment("startsAt"),
        service=first_of(labels, SERVICE), labels=labels, text=text, url=first_of(links, address), fingerprint=fingerprint_of(source, key),
        hints=hints_of(labels, *notes.values()), also=tuple(title for one in alerts[1:MOST_ALSO] if (title := _title(one))),
    )  # fmt: skip


def _title(alert: Fields) -> str:
    return alert.inner("labels").text("alertname", TITLE) or alert.inner("annotations").text("summary", TITLE)


def _fires(alert: Fields) -> bool:
    return alert.text("status").lower() != "resolved"


def _rank(alert: Fields) -> tuple[bool, int]:
    severity = alert.inner("labels").text("severity").lower()
    return not _fires(alert), _RANKS.index(severity) if severity in _RANKS else len(_RANKS)
