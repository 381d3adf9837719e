"""From folder to bytes: compose, render, and show less of the evidence until the report is small enough."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from helpers.report.blocks import Page
from helpers.report.compose import compose
from helpers.report.detail import LEVELS, PRINTED, Detail
from helpers.report.reading import read_incident

__all__ = ["MOST_BYTES", "Composed", "html", "markdown", "pdf"]

MOST_BYTES = 150_000


class Composed:
    """An incident's folder, read once and composed once for each level of detail, whatever formats it is written in."""

    def __init__(self, folder: Path) -> None:
        self._reading = read_incident(folder)
        self._pages: dict[Detail, Page] = {}

    def page(self, detail: Detail) -> Page:
        """Return the report's blocks."""
        if detail not in self._pages:
            self._pages[detail] = compose(self._reading, detail)
        return self._pages[detail]


def html(composed: Composed) -> bytes:
    """Return the report as one self-contained page."""
    from helpers.report.html import page_html

    return _fitted(composed, lambda page, detail: page_html(page, detail).encode("utf-8", "backslashreplace"))


def markdown(composed: Composed) -> bytes:
    """Return the report as CommonMark with tables."""
    from helpers.report.markdown import page_markdown

    return _fitted(composed, lambda page, detail: page_markdown(page, detail).encode("utf-8", "backslashreplace"))


def pdf(composed: Composed) -> bytes:
    """Return the report as PDF pages."""
    from helpers.report.pdf import page_pdf

    return page_pdf(composed.page(PRINTED), PRINTED)


def _fitted(composed: Composed, make: Callable[[Page, Detail], bytes]) -> bytes:
    made = b""
    for detail in LEVELS:
        made = make(composed.page(detail), detail)
        if len(made) <= MOST_BYTES:
            break
    return made
