"""What others wrote is data: make it visible as text, in a terminal, in HTML and in Markdown.

Log lines, SQL text, key names and header values may hold `<script>`, ANSI escapes, bidirectional
overrides or Markdown links. Each output has one function here, and nothing else prints foreign text.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["as_text", "cell", "html_table", "html_text", "json_text", "markdown_text", "visible"]

# C0/C1 controls except tab and newline, soft hyphen, line separators, zero-width and bidirectional overrides, tag characters
# (Unicode TR 36, "Trojan Source" CVE-2021-42574).
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+!|~$&:@-])")
_STATUS_COLOURS = {"OK": "#1a7f37", "PROBLEM": "#cf222e", "UNKNOWN": "#9a6700", "SKIPPED": "#6e7781"}


def visible(value: object, *, limit: int = 2000) -> str:
    r"""Return `value` as text whose control characters show as `\x1b`; cut, and saying so, past `limit`."""
    text = _INVISIBLE.sub(lambda m: m.group().encode("unicode_escape").decode(), str(value))
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit} more characters)"


def json_text(document: str) -> str:
    r"""Return a JSON document in which control characters, surrogates and direction overrides are escapes: the same document, safe to print."""
    return _INVISIBLE.sub(lambda m: json.dumps(m.group())[1:-1], document)


def html_text(value: object, *, limit: int = 2000) -> str:
    """Return `value` as escaped HTML text, control characters visible."""
    return html.escape(visible(value, limit=limit), quote=True)


def markdown_text(value: object, *, limit: int = 2000) -> str:
    """Return `value` as one line of Markdown that renders as the text itself: no link, tag or emphasis."""
    flat = " ".join(visible(value, limit=limit).split())
    return _MARKDOWN.sub(r"\\\1", flat)


def as_text(markup: str) -> str:
    """Return escaped HTML marked so that a notebook does not typeset it: `$1 … $2` in a statement is no formula."""
    return f'<div class="mathjax_ignore tex2jax_ignore">{markup}</div>'


def html_table(status: str, lines: Sequence[str], rows: Sequence[Mapping[str, Any]], *, limit: int = 50) -> str:
    """Return a status badge, sentences and a table as HTML, all foreign text escaped; `limit` rows are shown."""
    colour = _STATUS_COLOURS.get(status, "#6e7781")
    parts = [f'<p><b style="color:{colour}">{html_text(status)}</b> {"<br>".join(html_text(x) for x in lines)}</p>']
    if rows:
        names = list(rows[0])
        head = "".join(f'<th style="text-align:left">{html_text(n)}</th>' for n in names)
        body = "".join(
            "<tr>" + "".join(f'<td style="text-align:left">{html_text(cell(r.get(n)), limit=300)}</td>' for n in names) + "</tr>"
            for r in rows[:limit]
        )
        parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
    if len(rows) > limit:
        parts.append(f"<p>{len(rows) - limit} more rows are in the evidence.</p>")
    return as_text("".join(parts))


def cell(value: Any) -> str:
    """Return one table cell as short text: floats with three decimals, None as an empty cell."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".")
    if isinstance(value, list | tuple):
        return ", ".join(str(v) for v in value)
    return str(value)
