"""The report as one HTML page: no script, nothing loaded, one stylesheet, readable from a phone to paper."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from helpers.escaping import visible
from helpers.report.blocks import Block, Page, Strip
from helpers.report.detail import Detail
from helpers.report.pictures.svg import strip_svg

__all__ = ["GLYPHS", "TONES", "compile_templates", "page_html", "stylesheet"]

HERE = Path(__file__).parent
CODE_FACTOR = 5  # statements are cut later than sentences
# Read without colour: each status has its own sign.
GLYPHS = {
    "passed": "✓", "not passed": "✗", "done": "✓", "OK": "✓", "PROBLEM": "✗", "failed": "✗", "UNKNOWN": "?", "unknown": "?", "SKIPPED": "–", "skipped": "–", "pending": "–",
    "healthy": "✓", "resolved": "✓", "cause_found": "!", "not_resolved": "✗", "other_cause": "→", "inconclusive": "?", "unreachable": "?",
}  # fmt: skip
TONES = {
    "passed": "good", "not passed": "bad", "done": "good", "OK": "good", "PROBLEM": "bad", "failed": "bad", "UNKNOWN": "doubt", "unknown": "doubt", "healthy": "good",
    "resolved": "good", "cause_found": "named", "not_resolved": "bad", "other_cause": "named", "inconclusive": "doubt", "unreachable": "doubt",
}  # fmt: skip


def page_html(page: Page, detail: Detail) -> str:
    """Return the page; every text in it is escaped, its control characters visible."""
    environment = _environment(detail.text)
    return environment.get_template("report.html.j2").render(page=page, css=Markup(stylesheet()))  # noqa: S704 (our own file)


def compile_templates() -> None:
    """Compile what a page of usual size is made of, so that the next one in this process, or in a fork of it, need not."""
    environment = _environment(Detail().text)
    for name in environment.list_templates():
        environment.get_template(name)


class _Compiled(jinja2.BytecodeCache):
    """Compiling takes four fifths of a page's time; an environment holds one page's pictures, so it is the code that is kept."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        """Take the code from the last time, unless the template was changed since (its checksum is within)."""
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        """Keep it."""
        self._kept[bucket.key] = bucket.bytecode_to_string()


@cache
def _compiled(limit: int) -> _Compiled:
    """Of one limit, which is compiled into the code."""
    return _Compiled()


@cache
def stylesheet() -> str:
    """Return the report's one stylesheet."""
    return (HERE / "report.css").read_text(encoding="utf-8")


def _environment(limit: int) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        bytecode_cache=_compiled(limit),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: value if isinstance(value, Markup) else visible(value, limit=limit),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "kind": _kind,
        "glyph": lambda s: GLYPHS.get(s, "·"),
        "tone": lambda s: TONES.get(s, "quiet"),
        "code": _code(limit),
        "breaks": _breaks,
    }
    environment.globals["picture"] = _pictures()
    return environment


def _kind(block: Block) -> str:
    return type(block).__name__


def _code(limit: int) -> Any:
    return lambda text: Markup.escape(visible(text, limit=limit * CODE_FACTOR))


def _breaks(name: str) -> Markup:
    """A field's name that may break after an underscore."""
    return Markup("_<wbr>").join(visible(name).split("_"))


def _pictures() -> Any:
    drawn: list[Strip] = []

    def picture(strip: Strip) -> Markup:
        drawn.append(strip)
        return Markup(strip_svg(strip, name=f"picture-{len(drawn)}"))  # noqa: S704 (strip_svg escapes)

    return picture
