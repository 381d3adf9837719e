"""What other people's monitoring sends, read as data: recognised by what it holds, bounded, and never run."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpers.alerts import Hints, read_alert
from helpers.alerts.bounded import DEEPEST, MOST_BYTES, VALUE
from helpers.errors import AlertError

PAYLOADS = Path(__file__).parent / "payloads"
CANARIES = "$(touch /tmp/canary) '; DROP TABLE orders;-- {{7*7}} <script>alert(1)</script> \x1b[31mred\x07 \u202eevil"


def sent(name):
    """The alert of a payload as it is sent."""
    return read_alert((PAYLOADS / f"{name}.json").read_bytes())


def group(**labels):
    """A group of one alert with these labels."""
    return {"alerts": [{"status": "firing", "labels": {"alertname": "A", **labels}}], "groupKey": "g"}


def as_body(document):
    """The document as it is sent."""
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("alertmanager", ("alertmanager", "PostgresqlTooManyConnections", "firing", "critical", "2026-07-03T01:09:05+00:00", "postgres")),
        ("grafana", ("grafana", "Redis memory nearly full", "firing", "", "2026-07-03T03:51:03+00:00", "sessions")),
        ("sentry_event_alert", ("sentry", "KeyError: 'items'", "firing", "error", "2026-07-03T03:11:12+00:00", "")),
        ("sentry_metric_alert", ("sentry", "Critical: Orders are slow", "firing", "critical", "2026-07-03T03:07:00+00:00", "shop")),
        ("sentry_issue_resolved", ("sentry", "KeyError: 'items'", "resolved", "error", "2026-07-03T03:11:12+00:00", "shop")),
        ("datadog", ("datadog", "PostgreSQL lock contention", "firing", "P2", "2026-07-03T03:13:10+00:00", "shop-db")),
        ("datadog_recovered", ("datadog", "PostgreSQL lock contention", "resolved", "P2", "2026-07-03T03:18:10+00:00", "shop-db")),
    ],
)
def test_each_sender_is_recognised_and_read(name, said):
    """Source, title, status, severity, the beginning in UTC, the service."""
    one = sent(name)
    assert (one.source, one.title, one.status, one.severity, one.starts_at.isoformat(), one.service) == said


@pytest.mark.parametrize(
    ("name", "hints"),
    [
        ("alertmanager", Hints(database="shop", host="10.0.3.5:9187")),
        ("sentry_event_alert", Hints("GET", "/orders/{order_id}", "https://shop.example/orders/7", host="shop-7d9c")),
        ("sentry_metric_alert", Hints("GET", "/orders")),
        ("datadog", Hints(host="db-7")),
    ],
)
def test_what_it_says_about_where_it_hurts_is_kept(name, hints):
    """Each as written."""
    assert sent(name).hints == hints


def test_the_leading_alert_of_a_group_fires_and_is_the_most_severe():
    """The others are named; the group is what is sent again, so its key is the fingerprint."""
    one = sent("alertmanager")
    document = json.loads((PAYLOADS / "alertmanager.json").read_bytes())
    document["alerts"].reverse()
    assert (one.also, read_alert(as_body(document)).fingerprint) == (("HighRequestLatency", "RedisMissingBackup"), one.fingerprint)


def test_a_later_resolved_is_of_the_same_issue():
    """Sentry names the issue in both."""
    assert sent("sentry_event_alert").fingerprint == sent("sentry_issue_resolved").fingerprint


@pytest.mark.parametrize(
    ("labels", "hints"),
    [
        ({"handler": "/orders", "method": "get"}, Hints("GET", "/orders")),
        ({"route": "GET /orders/{id}"}, Hints("GET", "/orders/{id}")),
        ({"endpoint": "metrics", "relname": "orders"}, Hints(table="orders")),  # a port's name, of the Prometheus operator
        ({"instance": "https://shop.example/health"}, Hints(url="https://shop.example/health")),
        ({"key": "cart:7", "host": "cache-1"}, Hints(key="cart:7", host="cache-1")),
    ],
)
def test_labels_of_exporters_and_instrumentations_are_understood(labels, hints):
    """As those name them."""
    assert read_alert(as_body(group(**labels))).hints == hints


def test_foreign_text_is_kept_as_text_that_can_be_seen():
    """Control characters are escapes, whatever it pretends to be."""
    one = read_alert(as_body(group(alertname=CANARIES, route=CANARIES)))
    assert ("\x1b" in repr(one.as_data()) or "\u202e" in one.title, "\\x1b[31mred" in one.title) == (False, True)
    assert one.title.startswith("$(touch /tmp/canary) '; DROP TABLE orders;-- {{7*7}} <script>")


def test_lengths_and_counts_are_bounded():
    """Of names, values, labels, and of the alerts in a group."""
    document = group(**{f"n{i}": "v" * 300 for i in range(50)})
    one = read_alert(as_body({**document, "alerts": document["alerts"] * 50}))
    assert (len(one.labels), max(len(v) for v in one.labels.values()), len(one.also)) == (40, VALUE, 19)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"", "line 1, column 1"),
        (b"\xff\xfe", "byte 0: it is not UTF-8"),
        (b'{"alerts": [', "line 1, column 13"),
        (b"[1]", "an object is expected, not a list"),
        (b'{"alerts": 7}', "alerts: a list is expected, not a number"),
        (b'{"alerts": []}', "alerts: the list is empty"),
        (b'{"alerts": [7]}', "alerts[0]: an object is expected, not a number"),
        (b'{"alerts": [{"labels": "x"}]}', "alerts[0].labels: an object is expected, not text"),
        (b'{"alerts": [{"labels": {"alertname": ["x"]}}]}', "alerts[0].labels.alertname: text is expected, not a list"),
        (b'{"alerts": [{"v": NaN}]}', "NaN is no JSON number"),
        (b'{"alerts": [{"v": 1e999}]}', "the number 1e999 is too large"),
        (b'{"alerts": [], "alerts": []}', "the name 'alerts' stands twice"),
        (b'{"v": ' + b"9" * 5000 + b"}", "a number that is too long"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1), f"nested more than {DEEPEST} deep"),
        (as_body({"a": [0] * 60_000}), "more than 50000 values"),
        (b'{"a": "' + b"x" * MOST_BYTES + b'"}', "bytes, at most"),
        (b'{"hello": "world"}', "no sender that is known"),
        (b'{"alerts": [], "event_type": "a", "title": "b"}', "it might be of alertmanager or of datadog"),
        (as_body({"action": "triggered", "data": {"event": {"request": []}}}), "data.event.request: an object is expected, not a list"),
    ],
)
def test_what_cannot_be_read_says_where_and_what_is_accepted(body, where):
    """Exit 2, as any bad usage."""
    with pytest.raises(AlertError) as raised:
        read_alert(body)
    assert (where in raised.value.reason, "Alertmanager" in raised.value.remedy, raised.value.exit_code) == (True, True, 2), raised.value


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-07-03T03:08:45.828347112Z", datetime(2026, 7, 3, 3, 8, 45, tzinfo=UTC)),
        ("2026-07-03T05:08:45+02:00", datetime(2026, 7, 3, 3, 8, 45, tzinfo=UTC)),
        (1783048125, datetime(2026, 7, 3, 3, 8, 45, tzinfo=UTC)),
        ("1783048125000", datetime(2026, 7, 3, 3, 8, 45, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("9" * 30, None),
        ("yesterday", None),
    ],
)
def test_times_of_every_kind_are_read_as_utc(text, read):
    """What is none is none."""
    document = group()
    document["alerts"][0]["startsAt"] = text
    assert read_alert(as_body(document)).starts_at == read
