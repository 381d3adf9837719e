"""What a triage takes from an alert: what is walked first, a request of the profile's own API, and how far back to look."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpers.alerts import Alert, Hints, read_alert
from helpers.runner.catalogue import find_runbooks
from helpers.settings import Profile
from helpers.triage.alert_words import AREAS, WORDS, walked_first
from helpers.triage.finding import Finding, State
from helpers.triage.from_alert import endpoint_of, since_of, with_alert
from helpers.triage.leads import Leads
from helpers.triage.ranking import rank
from helpers.triage.view import Board

PAYLOADS = Path(__file__).parents[1] / "alerts/payloads"
API = "https://shop.example/api"
NOW = datetime(2026, 7, 3, 3, 30, tzinfo=UTC)
INFOS = [info for info in find_runbooks().values() if info.area]
BAD = "<script>alert(1)</script> $(reboot) '; DROP TABLE orders;-- \\x1b[31m"


def alert(title="An alert", text="", source="alertmanager", **more) -> Alert:
    return Alert(**{"source": source, "title": title, "firing": True, "severity": "", "starts_at": None, "service": "", "labels": {},
                    "text": text, "url": "", "fingerprint": "f", **more})  # fmt: skip


def first(one: Alert) -> str:
    return walked_first(INFOS, one)[0].name


@pytest.mark.parametrize(
    ("hints", "endpoint"),
    [
        (Hints(route="/orders?customer_id=42"), "GET /orders?customer_id=42"),
        (Hints("GET", "/orders"), "GET /orders"),
        (Hints(url="https://shop.example/api/orders?customer_id=42"), "GET /orders?customer_id=42"),
        (Hints(url="https://SHOP.example:443/api/orders"), "GET /orders"),
        (Hints("POST", "/orders"), ""),
        (Hints(route="/orders/{order_id}"), ""),
        (Hints(route="/orders/:id"), ""),
        (Hints(route="/orders/[id]"), ""),
        (Hints(url="https://evil.example/api/orders"), ""),
        (Hints(url="https://evil.example/api/orders", route="/orders"), ""),
        (Hints(url="http://169.254.169.254/api/latest"), ""),
        (Hints(url="https://shop.example@evil.example/api/orders"), ""),
        (Hints(url="https://evil.example@shop.example/api/orders"), ""),
        (Hints(url="https://shop.example:8443/api/orders"), ""),
        (Hints(url="http://shop.example/api/orders"), ""),
        (Hints(url="https://shop.example/admin"), ""),
        (Hints(url="https://[::1/api/orders"), ""),
        (Hints(url="file:///etc/passwd"), ""),
        (Hints(route="//evil.example/orders"), ""),
        (Hints(route="/../admin"), ""),
        (Hints(route="/%2e%2e/admin"), ""),
        (Hints(route="/%252e%252e/admin"), ""),
        (Hints(route="/a\\..\\b"), ""),
        (Hints(route="/a b"), ""),
        (Hints(route="/a\r\nHost: evil"), ""),
        (Hints(route="/logout"), ""),
        (Hints(route="/orders/7/%64elete"), ""),
        (Hints(route="/" + "a" * 400), ""),
        (Hints(), ""),
    ],
)
def test_only_a_plain_get_of_the_profiles_own_api_is_taken(hints, endpoint):
    """Whatever names another host, another method, an open route or something that is not safe to ask is not."""
    assert endpoint_of(alert(hints=hints), API) == endpoint


@pytest.mark.parametrize(("minutes", "since"), [(None, "5m"), (1, "5m"), (9, "10m"), (600, "15m"), (-30, "5m")])
def test_the_log_is_asked_for_as_long_as_the_alert_fires(minutes, since):
    """At least five minutes, at most a quarter of an hour."""
    starts_at = None if minutes is None else NOW - timedelta(minutes=minutes)
    assert since_of(alert(starts_at=starts_at), NOW) == since


def test_without_an_alert_everything_is_as_it_was():
    """The order, the window, the leads."""
    leads = Leads(slow="GET /a")
    assert (walked_first(INFOS, None), since_of(None), with_alert(leads, None, Profile(name="p", api=API))) == (INFOS, "5m", leads)


@pytest.mark.parametrize(
    ("title", "text", "runbook"),
    [
        ("PostgresqlTooManyConnections", "", "connection_exhaustion"),
        ("PostgreSQL lock contention", "Sessions wait for locks", "lock_contention"),
        ("PostgresqlDeadLocks", "", "deadlocks"),
        ("RedisOutOfMemory", "", "memory_full"),
        ("redis_rejected_connections", "", "client_exhaustion"),
        ("HighRequestLatency", "p95 is above 200 ms", "n_plus_one"),
        ("Slow statements", "mean time of a query in PostgreSQL", "missing_index"),
        ("KeyError: 'items'", "unhandled exception", "unhandled_errors"),
        ("QueuePool limit of size 5 overflow 10 reached, connection timed out", "", "pool_saturated"),
        ("Redis is strange", "", "cache_stampede"),
        ("Nothing that is known", "", INFOS[0].name),
    ],
)
def test_what_an_alert_speaks_of_is_walked_first(title, text, runbook):
    """By its words; what says nothing leaves the order as it was."""
    assert first(alert(title, text)) == runbook


def test_every_runbook_is_still_walked_and_the_order_is_the_same_each_time():
    """Only the order changes."""
    one = read_alert((PAYLOADS / "alertmanager.json").read_bytes())
    names = [info.name for info in walked_first(INFOS, one)]
    assert (sorted(names), names) == (sorted(info.name for info in INFOS), [info.name for info in walked_first(INFOS[:], one)])


def test_the_words_name_runbooks_that_there_are():
    """And areas."""
    named = {name for _, names in WORDS for name in names}
    assert (named - {info.name for info in INFOS}, set(AREAS)) == (set(), {info.area for info in INFOS})


def test_a_runbook_that_no_line_names_is_found_by_its_own_name(monkeypatch):
    """So that adding one means adding files."""
    monkeypatch.setattr("helpers.triage.alert_words.WORDS", ())
    assert first(alert("VacuumBlocked", "")) == "vacuum_blocked"


@pytest.mark.parametrize(
    ("one", "leads"),
    [
        (alert("High latency", hints=Hints(route="/orders")), Leads(("GET /broken",), "GET /orders", said="The alert names GET /orders.")),
        (
            alert("Error rate", hints=Hints(route="/orders")),
            Leads(("GET /orders", "GET /broken"), "GET /slow", said="The alert names GET /orders."),
        ),
        (alert("Error rate"), Leads(("GET /broken",), "GET /slow")),
    ],
)
def test_its_request_comes_before_the_logs(one, leads):
    """As the failing one where it speaks of errors."""
    assert with_alert(Leads(("GET /broken",), "GET /slow"), one, Profile(name="p", api=API)) == leads


def test_a_profile_without_an_api_is_asked_nothing():
    """There is no address to ask."""
    assert with_alert(Leads(), alert(hints=Hints(route="/orders")), Profile(name="p")) == Leads()


def board(one):
    findings = [Finding("hot_key", "redis", "Hot", State.SOUND, "Nothing is hot.")]
    return Board(rank(findings, "shop"), findings, "", 1.0, one)


def test_the_board_begins_with_the_alert():
    """For people, as JSON, and as text whatever it pretends to be."""
    shown = board(alert(BAD, firing=False, severity="critical", starts_at=NOW, service="shop", also=("Another",)))
    assert shown.lines()[:4] == [
        f"Alert from alertmanager: {BAD} [resolved, critical] since 2026-07-03 03:30:00 UTC",
        "It is resolved by now, its sender says: what is found below is as of now.",
        "It names service shop.",
        "And 1 more in the same notification: Another",
    ]
    assert (shown.to_json()["alert"]["status"], "<script>" in shown._repr_html_(), "alert" in board(None).to_json()) == (
        "resolved",
        False,
        False,
    )


def test_an_alert_holds_no_secret_on_the_board():
    """What looks like one is masked, as everywhere."""
    assert "hunter2secret" not in json.dumps(board(alert("down", labels={"dsn": "postgres://a:hunter2secret@db/x"})).to_json())
