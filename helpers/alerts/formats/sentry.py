"""Sentry: issue alerts (event_alert), metric alerts, and issues that change their state.

Source: Sentry documentation, Integration Platform, Webhooks (Issue Alerts, Metric Alerts, Issues).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpers.alerts.alert import Alert, fingerprint_of
from helpers.alerts.bounded import NAME, TITLE, Fields, line
from helpers.alerts.hints import SERVICE, first_of, hints_of

__all__ = ["read", "recognises"]

_KINDS = ("event", "metric_alert", "issue")
_OVER = ("resolved", "archived", "ignored")
MOST_TAGS = 40


def recognises(document: Mapping[str, Any]) -> bool:
    """Return whether it is an action on one of Sentry's things."""
    data = document.get("data")
    return "action" in document and isinstance(data, dict) and any(kind in data for kind in _KINDS)


def read(document: Fields) -> Alert:
    """Return the alert; the issue it belongs to is its fingerprint, so that a later `resolved` is of the same."""
    data = document.inner("data")
    firing = document.text("action").lower() not in _OVER
    if "event" in data.value:
        return _of_event(data.inner("event"), data, firing=firing)
    return _of_metric(data, document, firing=firing) if "metric_alert" in data.value else _of_issue(data.inner("issue"), firing=firing)


def _of_event(event: Fields, data: Fields, *, firing: bool) -> Alert:
    request, tags = event.inner("request"), _tags(event)
    labels = {**tags, **_named(event, "environment", "release", "platform", "transaction", "culprit")}
    title, issue = event.text("title", TITLE) or event.text("message", TITLE), event.text("issue_id") or event.text("event_id")
    url = request.text("url", 500)
    return Alert(
        source="sentry", title=title or "an event without a title", firing=firing, severity=event.text("level") or tags.get("level", ""),
        starts_at=event.moment("datetime"), service=_project(event) or first_of(tags, SERVICE), labels=labels,
        text=" ".join(t for t in (data.text("triggered_rule", TITLE), event.text("culprit"), event.text("message", TITLE)) if t),
        url=event.text("web_url", 500), fingerprint=fingerprint_of("sentry", "issue", issue or title),
        hints=hints_of(labels, event.text("transaction"), event.text("culprit"), url=url, method=request.text("method", 10)),
    )  # fmt: skip


def _of_metric(data: Fields, document: Fields, *, firing: bool) -> Alert:
    metric = data.inner("metric_alert")
    rule = metric.inner("alert_rule")
    title = data.text("description_title", TITLE) or metric.text("title", TITLE) or rule.text("name", TITLE)
    labels = _named(rule, "name", "aggregate", "query", "environment", "dataset")
    projects = metric.value.get("projects")
    service = line(projects[0]) if isinstance(projects, list) and projects else ""
    return Alert(
        source="sentry", title=title or "a metric alert without a title", firing=firing, severity=document.text("action"),
        starts_at=metric.moment("date_started"), service=service, labels=labels, text=data.text("description_text"),
        url=data.text("web_url", 500), fingerprint=fingerprint_of("sentry", "metric", rule.text("id") or metric.text("id") or title),
        hints=hints_of({}, labels.get("query", "")),
    )  # fmt: skip


def _of_issue(issue: Fields, *, firing: bool) -> Alert:
    title = issue.text("title", TITLE)
    labels = _named(issue, "culprit", "platform", "shortId", "level")
    return Alert(
        source="sentry", title=title or "an issue without a title", firing=firing, severity=issue.text("level"),
        starts_at=issue.moment("firstSeen"), service=_project(issue), labels=labels, text=issue.text("culprit"),
        url=issue.text("web_url", 500) or issue.text("permalink", 500), fingerprint=fingerprint_of("sentry", "issue", issue.text("id") or title),
        hints=hints_of(labels, issue.text("culprit")),
    )  # fmt: skip


def _named(fields: Fields, *names: str) -> dict[str, str]:
    return {name: text for name in names if (text := fields.text(name))}


def _project(fields: Fields) -> str:
    """Return the project's slug: an issue has an object, an event a number, which names nothing to people."""
    project = fields.value.get("project")
    return Fields.of(project, f"{fields.where}.project").text("slug") if isinstance(project, dict) else ""


def _tags(event: Fields) -> dict[str, str]:
    """Return the event's tags, a list of pairs; what is no pair is left out."""
    tags = event.value.get("tags")
    pairs = [pair for pair in tags if isinstance(pair, list) and len(pair) == 2] if isinstance(tags, list) else []
    return {line(name, NAME): line(value) for name, value in pairs[:MOST_TAGS]}
