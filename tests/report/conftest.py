"""Incidents to report on, and readers of what a report shows."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from helpers.report.fakes import write_incident


class Page(HTMLParser):
    """An HTML page as its elements and its visible text."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.parts: list[str] = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.parts.append(data)

    @property
    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}

    @property
    def text(self) -> str:
        return flat("".join(self.parts))


def flat(text: str) -> str:
    """Text with every run of white space as one blank."""
    return re.sub(r"\s+", " ", text)


@pytest.fixture
def incident(tmp_path: Path) -> Callable[..., Path]:
    """A factory of incident folders: `incident("resolved", "missing_index", foreign="…")`."""

    def make(verdict: str = "resolved", runbook: str = "missing_index", *, foreign: str = "") -> Path:
        return write_incident(tmp_path / f"20260703T031209Z-{runbook}-4e1f", verdict, runbook, foreign=foreign)

    return make
