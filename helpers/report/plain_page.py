"""A notebook without an incident: a page that says so, and the notebook's own cells, redacted, with nothing left that could run."""

from __future__ import annotations

import copy
import html
from typing import Any

from helpers.escaping import visible
from helpers.redaction import redact
from helpers.report.html import stylesheet

__all__ = ["notebook_page"]

_SHOWN = ("text/plain", "image/png", "image/jpeg")
_LONGEST = 100_000  # characters of one cell or output
_TAGS = [
    *("a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i"),
    *("li", "ol", "p", "pre", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul"),
]
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def notebook_page(nb: Any, why: str) -> str:
    """Return the notebook as one HTML page under the sentence `why`."""
    from nbconvert.exporters import HTMLExporter

    exporter = HTMLExporter(template_name="basic", sanitize_html=True)
    exporter.register_filter("clean_html", _harmless)
    body, _ = exporter.from_notebook_node(_without_markup(nb))
    title = "No incident report"
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{title}</title>\n<style>\n{stylesheet()}\n</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n"
        f'<p class="warning">{html.escape(visible(redact(why)))}</p>\n</header>\n<main>\n{body}\n</main>\n</body>\n</html>\n'
    )


def _harmless(markup: str | bytes) -> str:
    import bleach  # type: ignore[import-untyped]  # nbconvert brings it

    text = markup.decode() if isinstance(markup, bytes) else str(markup)
    cleaned: str = bleach.clean(text, tags=_TAGS, attributes={"*": ["class", "id"], "a": ["href"]}, protocols=["https", "http", "mailto"])
    return cleaned


def _text(value: Any) -> Any:
    """Redacted text whose control characters show; the escapes of colours stay, nbconvert reads them."""
    if isinstance(value, list):
        return [_text(part) for part in value]
    return "\x1b".join(visible(part, limit=_LONGEST) for part in redact(str(value)).split("\x1b"))


def _without_markup(nb: Any) -> Any:
    """A copy whose texts are redacted and whose outputs are text and pictures only."""
    clean = copy.deepcopy(nb)
    for cell in clean.cells:
        cell.source = _text(cell.source)
        for output in cell.get("outputs", []):
            for field in ("text", "ename", "evalue", "traceback"):
                if field in output:
                    output[field] = _text(output[field])
            if "data" in output:
                kept = {mime: output["data"][mime] for mime in _SHOWN if mime in output["data"]}
                output["data"] = type(output["data"])({m: v if m.startswith("image/") else _text(v) for m, v in kept.items()})
    return clean
