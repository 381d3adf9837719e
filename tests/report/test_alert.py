"""A triage that began with an alert shows it, as text, whoever wrote it."""

import json

import pytest

from helpers.alerts import read_alert
from helpers.escaping import visible
from helpers.incident.evidence import EvidenceLog
from helpers.report import render

from .conftest import Page, flat
from .test_hostile import CONFORMING, HOSTILE


def triaged(folder, one):
    """A triage's folder with nothing but the alert and one walk."""
    folder.mkdir()
    log = EvidenceLog(folder)
    log.append("opened", "open", {"id": folder.name, "runbook": "triage", "profile": "p", "apply": False, "parameters": {}, "systems": []})
    log.append("alerted", "reproduce", one.as_data())
    walked = {"runbook": "hot_key", "area": "redis", "title": "Hot", "state": "sound", "summary": "Nothing.", "took_s": 1.0}
    log.append("walked", "reproduce", walked)
    return folder


def alerted(**labels):
    """An alert with these labels, as it is sent."""
    return read_alert(json.dumps({"alerts": [{"status": "resolved", "labels": {"alertname": "Down", **labels}}]}).encode())


@pytest.mark.parametrize("name", HOSTILE)
def test_an_alert_is_shown_as_text(tmp_path, name):
    """It made no element and no attribute, and is there as it was written."""
    page = Page(render(triaged(tmp_path / "t", alerted(summary=HOSTILE[name])), "html").decode())
    handlers = {attr for _, attrs in page.elements for attr in attrs if attr.startswith("on")}
    shown = flat(visible(" ".join(HOSTILE[name].split())))
    assert (shown in page.text, page.tags - CONFORMING, handlers) == (True, set(), set())


def test_it_stands_first_and_a_resolved_one_is_said_to_be(tmp_path):
    """In Markdown as in HTML."""
    text = render(triaged(tmp_path / "t", alerted(severity="critical")), "md").decode()
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert (headings[0], "It is resolved by now" in text, "critical" in text) == ("## The alert", True, True), headings
