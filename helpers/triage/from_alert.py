"""What a triage takes from an alert: a request to begin with, and how far back to look in the log. Never another host, another method or a profile."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import SplitResult, unquote, urlsplit

from helpers.alerts import Alert
from helpers.http.targets import UNSAFE
from helpers.settings import Profile
from helpers.triage.leads import SINCE, Leads

__all__ = ["endpoint_of", "since_of", "with_alert"]

SHORTEST_MIN, LONGEST_MIN = 5, 15  # what fires still has examples in the last quarter of an hour; more of a log only takes longer
_PLAIN = re.compile(r"/[\w.~!$&'(),;=:@%+/-]*(?:\?[\w.~!$&'(),;=:@%+/?-]*)?", re.ASCII)
_OPEN = re.compile(r"/:[A-Za-z_]")  # `/orders/:id` is a route; braces and brackets are no plain request anyway
_FAILS = re.compile(r"(?i)\b5(xx|\d\d)\b|error|exception|fail")
LONGEST = 300


def since_of(alert: Alert | None, now: datetime | None = None) -> str:
    """Return from when on the log is asked for examples: five minutes, or as long as the alert fires, at most a quarter of an hour."""
    if alert is None or alert.starts_at is None:
        return SINCE
    minutes = int(((now or datetime.now(UTC)) - alert.starts_at).total_seconds() // 60) + 1
    return f"{min(max(minutes, SHORTEST_MIN), LONGEST_MIN)}m"


def endpoint_of(alert: Alert, api: str) -> str:
    """Return `GET /path?query` of the API at `api` where the alert names such a request; empty otherwise.

    An address of another host is of another host: neither it nor its path is asked. A route with open parts is no request. What a GET ought
    not to do, but may (`/logout`, `/orders/7/delete`), is left out.
    """
    if alert.hints.method not in ("", "GET"):
        return ""
    path = _path_on(alert.hints.url, api) if alert.hints.url else alert.hints.route
    plain = _PLAIN.fullmatch(path) is not None and len(path) <= LONGEST and not path.startswith("//")
    decoded = unquote(unquote(path))
    climbs = ".." in decoded or "//" in decoded.partition("?")[0] or "\\" in decoded
    return f"GET {path}" if plain and not climbs and not _OPEN.search(path) and not UNSAFE.search(decoded) else ""


def _path_on(url: str, api: str) -> str:
    """Return the path and query of an address below `api`, empty when it is of another host, port or scheme."""
    try:
        asked, own = urlsplit(url), urlsplit(api)
        same = _host(asked) == _host(own) and asked.username is None and own.hostname is not None
    except ValueError:
        return ""
    prefix = own.path.rstrip("/")
    if not same or not asked.path.startswith(f"{prefix}/"):
        return ""
    return asked.path[len(prefix) :] + (f"?{asked.query}" if asked.query else "")


def _host(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def with_alert(leads: Leads, alert: Alert | None, profile: Profile) -> Leads:
    """Return the leads with the alert's request before the log's: as one that fails where it speaks of errors, else as the slow one."""
    endpoint = endpoint_of(alert, profile.address("api")) if alert is not None and profile.has("api") else ""
    if alert is None or not endpoint:
        return leads
    fails = _FAILS.search(f"{alert.title} {alert.text}") or alert.source == "sentry"
    said = f"{leads.said} The alert names {endpoint}.".strip()
    return replace(leads, failing=(endpoint, *leads.failing), said=said) if fails else replace(leads, slow=endpoint, said=said)
