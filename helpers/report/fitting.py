"""From folder to bytes: compose, render, and show less of the evidence until the report is small enough."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from helpers.report.blocks import Page
from helpers.report.compose import compose
from helpers.report.detail import LEVELS, PRINTED, Detail
from helpers.report.reading import read_incident

__all__ = ["MOST_BYTES", "html", "markdown", "pdf"]

MOST_BYTES = 150_000


def html(folder: Path) -> bytes:
    """Return the report as one self-contained page."""
    from helpers.report.html import page_html

    return _fitted(folder, lambda page, detail: page_html(page, detail).encode("utf-8", "backslashreplace"))


def markdown(folder: Path) -> bytes:
    """Return the report as CommonMark with tables."""
    from helpers.report.markdown import page_markdown

    return _fitted(folder, lambda page, detail: page_markdown(page, detail).encode("utf-8", "backslashreplace"))


def pdf(folder: Path) -> bytes:
    """Return the report as PDF pages."""
    from helpers.report.pdf import page_pdf

    return page_pdf(compose(read_incident(folder), PRINTED), PRINTED)


def _fitted(folder: Path, make: Callable[[Page, Detail], bytes]) -> bytes:
    reading = read_incident(folder)
    made = b""
    for detail in LEVELS:
        made = make(compose(reading, detail), detail)
        if len(made) <= MOST_BYTES:
            break
    return made
