"""Every verdict of both failure modes has a whole report, in every format."""

import itertools
import re

import pytest

from helpers.incident.document import Verdict
from helpers.report import render, write_reports
from helpers.report.fitting import MOST_BYTES

from .conftest import Page

RUNBOOKS = ("missing_index", "lock_contention")
ORDER = [
    "Impact", "Timeline", "The six steps", "The fix", "Verification", "Footprint", "Follow-ups", "What it was given", "How to audit it",
]  # fmt: skip


@pytest.mark.parametrize("runbook", RUNBOOKS)
@pytest.mark.parametrize("verdict", list(Verdict))
def test_the_verdict_is_the_first_thing_said(incident, verdict, runbook):
    """The badge, and what it means, stand above everything else."""
    text = Page(render(incident(str(verdict), runbook), "html").decode()).text
    assert f"{verdict} " in text[text.index("Incident report") : text.index("Impact")]


@pytest.mark.parametrize("runbook", RUNBOOKS)
@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_page_is_small_and_loads_nothing(incident, verdict, runbook):
    """At most 150 kB, no script, no frame, nothing fetched."""
    data = render(incident(str(verdict), runbook), "html")
    page = Page(data.decode())
    loads = {(tag, name) for tag, attrs in page.elements for name in attrs if name in ("src", "srcset", "data", "poster", "background")}
    assert (len(data) <= MOST_BYTES, page.tags & {"script", "link", "iframe", "object", "embed", "img"}, loads) == (True, set(), set())


def test_the_stylesheet_loads_nothing(incident):
    """No url(), no import, no font from elsewhere."""
    style = re.search(r"<style>(.*?)</style>", render(incident(), "html").decode(), re.DOTALL)
    assert re.findall(r"url\(|@import|@font-face", style[1]) == []


@pytest.mark.parametrize("verdict", list(Verdict))
def test_html_and_markdown_have_the_same_headings(incident, verdict):
    """What one says, the other says."""
    folder = incident(str(verdict))
    html = re.findall(r"<h[2-4]>([^<]*?)(?:\s*<|$)", render(folder, "html").decode())
    markdown = re.findall(r"^#{2,4} ([^\n]*?)(?: — .*| \(\d.*)?$", render(folder, "md").decode(), re.MULTILINE)
    assert [h.strip() for h in html] == [m.replace("\\", "").strip() for m in markdown]


def test_the_sections_stand_in_the_order_they_are_wanted(incident):
    """Impact before the steps, the steps before the fix, the audit last."""
    headings = re.findall(r"<h2>([^<]*?)\s*<", render(incident("resolved", "lock_contention"), "html").decode())
    assert [h.strip() for h in headings] == ORDER


def test_headings_never_skip_a_level(incident):
    """One h1, and each heading at most one level below the one before."""
    levels = [int(level) for level in re.findall(r"<h(\d)>", render(incident(), "html").decode())]
    assert (levels.count(1), all(b - a <= 1 for a, b in itertools.pairwise(levels))) == (1, True)


@pytest.mark.parametrize("runbook", RUNBOOKS)
@pytest.mark.parametrize("verdict", ["resolved", "unreachable"])
def test_a_pdf_is_made(incident, verdict, runbook):
    """The same content as pages."""
    assert render(incident(verdict, runbook), "pdf").startswith(b"%PDF-")


def test_the_same_incident_gives_the_same_bytes(incident):
    """Nothing in a report depends on when or where it was made."""
    folder = incident()
    assert [render(folder, to) for to in ("html", "md", "pdf")] == [render(folder, to) for to in ("html", "md", "pdf")]


def test_the_reports_are_written_beside_the_evidence(incident):
    """report.html and report.md, as render gives them."""
    folder = incident()
    paths = write_reports(folder)
    assert [(p.name, p.read_bytes()) for p in paths] == [("report.html", render(folder, "html")), ("report.md", render(folder, "md"))]
