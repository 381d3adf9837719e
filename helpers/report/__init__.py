"""An incident's folder as a report: HTML, Markdown and PDF with the same content, in the order it is wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

__all__ = ["render", "write_reports"]


def write_reports(folder: Path) -> list[Path]:
    """Write report.html and report.md into an incident's folder and return their paths.

    Args:
        folder: An incident's folder; what is missing or torn in it is said in the report.

    Raises:
        UsageError: `folder` is not a folder.
        SecretLeak: a report would have held a known secret; it was not written.

    """
    from helpers.redaction import write_bytes
    from helpers.report.fitting import Composed, html, markdown

    composed = Composed(folder)
    paths = [folder / "report.html", folder / "report.md"]
    # Every text is redacted before it becomes markup; redacting the markup itself could eat a closing tag after `cookie:`.
    for path, make in zip(paths, (html, markdown), strict=True):
        write_bytes(path, make(composed))
    return paths


def render(folder: Path, to: Literal["html", "md", "pdf"]) -> bytes:
    """Return an incident's report, redacted, in UTF-8 for the two text formats.

    Args:
        folder: An incident's folder; what is missing or torn in it is said in the report.
        to: The format.

    Raises:
        UsageError: `folder` is not a folder, or the format is unknown.

    """
    from helpers.errors import UsageError
    from helpers.report.fitting import Composed, html, markdown, pdf

    makers = {"html": html, "md": markdown, "pdf": pdf}
    if to not in makers:
        raise UsageError(f"A report cannot be written as {to!r}.", remedy="Choose html, md or pdf.")
    return makers[to](Composed(folder))
