"""The report as PDF, set by Typst: the page is data, shown with `text` and `raw`, and never read as markup."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from helpers.escaping import visible
from helpers.report.blocks import Block, Code, Page, Section, Strip, Tree
from helpers.report.detail import Detail
from helpers.report.html import CODE_FACTOR, GLYPHS, TONES
from helpers.report.markdown import tree_lines
from helpers.report.pictures.svg import strip_svg

__all__ = ["page_pdf"]

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
PICTURE_WIDTH = 640
UNBROKEN = 18  # characters after which a long word may break
MADE = datetime(2020, 1, 1, tzinfo=UTC)  # a fixed time: the same incident gives the same bytes


def page_pdf(page: Page, detail: Detail) -> bytes:
    """Return the report as PDF.

    Raises:
        RuntimeError: the page could not be set; a bug.

    """
    import typst

    data = json.dumps(_page(page, detail), ensure_ascii=True)
    made: bytes = typst.compile(TEMPLATE, sys_inputs={"page": data}, timestamp=MADE)
    return made


def _page(page: Page, detail: Detail) -> dict[str, Any]:
    whole: dict[str, Any] = _clean(asdict(page), detail.text)
    whole["sections"] = [_section(section, detail.text) for section in page.sections]
    return whole | {"glyph": GLYPHS.get(page.verdict, ""), "tone": TONES.get(page.verdict, "quiet")}


def _section(section: Section, limit: int) -> dict[str, Any]:
    return {
        "title": _breakable(section.title, limit),
        "status": section.status,
        "glyph": GLYPHS.get(section.status, ""),
        "tone": TONES.get(section.status, "quiet"),
        "note": section.note,
        "blocks": [_block(block, limit) for block in section.blocks],
        "parts": [_section(part, limit) for part in section.parts],
    }


def _block(block: Block, limit: int) -> dict[str, Any]:
    kind = type(block).__name__.lower()
    if isinstance(block, Code):
        return {"kind": kind, "text": visible(block.text, limit=limit * CODE_FACTOR)}
    if isinstance(block, Strip):
        return {"kind": kind, "svg": strip_svg(block, name="p", width=PICTURE_WIDTH), "description": _breakable(block.description, limit)}
    if isinstance(block, Tree):
        lines = "\n".join(line for node in block.nodes for line in tree_lines(node))
        return {"kind": kind, "caption": block.caption, "text": lines}
    found: dict[str, Any] = _clean(asdict(block), limit)
    return {**found, "kind": kind, "list": found.get("kind", "")}


def _clean(value: Any, limit: int) -> Any:
    if isinstance(value, str):
        return _breakable(value, limit)
    if isinstance(value, dict):
        return {name: _clean(v, limit) for name, v in value.items()}
    return [_clean(v, limit) for v in value] if isinstance(value, list | tuple | set | frozenset) else value


def _breakable(text: str, limit: int) -> str:
    """Visible text whose long words may break: zero-width spaces, which are never in statements."""
    return re.sub(rf"\S{{{UNBROKEN}}}(?=\S)", lambda m: m.group() + "\u200b", re.sub(r"[ \t\n]+", " ", visible(text, limit=limit)))
