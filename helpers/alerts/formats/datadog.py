"""Datadog's webhook: its default payload, and payloads of one's own of the same variables.

Source: Datadog documentation, Integrations, Webhooks (the variables, and what a transition may be).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from helpers.alerts.alert import Alert, fingerprint_of
from helpers.alerts.bounded import NAME, TITLE, Fields, line
from helpers.alerts.hints import SERVICE, first_of, hints_of

__all__ = ["read", "recognises"]

_TITLED = re.compile(r"^\s*(?:\[(?P<priority>P\d)\]\s*)?\[(?P<state>[^\]]+?)(?:\s+on\s+\{(?P<scope>[^}]*)\})?\]\s*(?P<name>.*)$")
MOST_TAGS = 40


def recognises(document: Mapping[str, Any]) -> bool:
    """Return whether it is an event with a title, or a monitor's transition."""
    return ("event_type" in document and ("title" in document or "body" in document)) or "alert_transition" in document


def read(document: Fields) -> Alert:
    """Return the alert; the default payload says in its title alone how the monitor went: `[Triggered on {host:a}] Name`."""
    title = document.text("alert_title", TITLE) or document.text("title", TITLE)
    told = _TITLED.match(title)
    state = document.text("alert_transition") or (told["state"] if told else "")
    scope = ",".join(s for s in (_tags(document), document.text("alert_scope"), (told["scope"] or "") if told else "") if s)
    labels = _labels(scope)
    labels |= {"host": host} if (host := document.text("hostname") or document.text("host_name")) else {}
    name = (told["name"] if told else title) or "an event without a title"
    body = document.text("body", 1000) or document.text("text_only_msg", 1000)
    metric = document.text("alert_metric")
    return Alert(
        source="datadog", title=name, firing=not state.lower().startswith(("recovered", "resolved")), severity=_severity(document, told),
        starts_at=document.moment("date") or document.moment("last_updated"), service=first_of(labels, SERVICE), labels=labels,
        text=f"{metric} {body}".strip(), url=document.text("link", 500) or document.text("url", 500), hints=hints_of(labels, name, body),
        fingerprint=fingerprint_of("datadog", document.text("alert_id") or document.text("aggreg_key") or name, scope),
    )  # fmt: skip


def _severity(document: Fields, told: re.Match[str] | None) -> str:
    return document.text("alert_priority") or ((told["priority"] or "") if told else "") or document.text("alert_type")


def _tags(document: Fields) -> str:
    """Return the tags as `a:b,c:d`; they are a text in the default variables, and a list in some payloads."""
    tags = document.value.get("tags")
    return ",".join(line(tag) for tag in tags[:MOST_TAGS]) if isinstance(tags, list) else document.text("tags", 1000)


def _labels(scope: str) -> dict[str, str]:
    pairs = [part.strip().partition(":") for part in scope.split(",")][: MOST_TAGS * 2]
    return dict(sorted({line(name, NAME): line(value) for name, _, value in pairs if name and value}.items())[:MOST_TAGS])
