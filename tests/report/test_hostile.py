"""What others wrote is data: hostile names, statements and errors are shown as text, in every format."""

import re
import shutil
import subprocess

import pytest
from markdown_it import MarkdownIt

from helpers.escaping import visible
from helpers.report import render
from helpers.report.fitting import MOST_BYTES
from helpers.report.markdown import fenced

from .conftest import Page, flat

HOSTILE = {
    "script": "<script>document.title='pwned'</script>",
    "handler": "<img src=x onerror=\"document.title='pwned'\">",
    "closing": "</td></table></style></title></svg><h1>pwned</h1>",
    "attribute": '" onmouseover="document.title=\'pwned\'" x="',
    "ansi": "\x1b[31mred\x1b[0m\x1b]0;pwned\x07",
    "link": "[click](https://evil.example/x) ![i](https://evil.example/i.png) <https://evil.example>",
    "jinja": "{{ 7*7 }} {% raw %} {# no #} {% endraw %}",
    "typst": '#eval("1") $x$ #image("/etc/passwd") *b* _i_ @ref <label> // gone',
    "fences": "``` ```` ~~~ `x` \n```\n# heading",
    "table": "a | b \\| c\n| d |\n---|---",
    "bidi": "user\u202e\u2066gpj.exe\u2069 \u200bzero",
    "hidden": "pay\u061cpal\xad.\U000e0041com\u180e",
    "list": "1. one\n- two\n> three\n# four\n===",
}
RUNBOOKS = ("missing_index", "lock_contention")
CONFORMING = {
    "a", "b", "body", "caption", "circle", "code", "dd", "desc", "div", "dl", "dt", "figcaption", "figure", "h1", "h2", "h3", "h4", "head",
    "header", "html", "li", "line", "main", "meta", "nav", "ol", "p", "path", "pre", "section", "small", "span", "style", "svg", "table",
    "tbody", "td", "text", "th", "thead", "title", "tr", "tspan", "ul", "wbr",
}  # fmt: skip


@pytest.mark.parametrize("runbook", RUNBOOKS)
@pytest.mark.parametrize("name", HOSTILE)
def test_html_shows_it_as_text(incident, name, runbook):
    """The text is there as written, and it made no element and no attribute."""
    page = Page(render(incident("resolved", runbook, foreign=HOSTILE[name]), "html").decode())
    handlers = {attr for _, attrs in page.elements for attr in attrs if attr.startswith("on")}
    assert (flat(visible(HOSTILE[name])) in page.text, page.tags - CONFORMING, handlers) == (True, set(), set())


@pytest.mark.parametrize("runbook", RUNBOOKS)
@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_shows_it_as_text(incident, name, runbook):
    """Rendered, it is neither tag, link, picture nor heading; the text is there as written."""
    source = render(incident("resolved", runbook, foreign=HOSTILE[name]), "md").decode()
    tokens = [t for block in MarkdownIt("commonmark").enable("table").parse(source) for t in (block, *(block.children or []))]
    kinds = {t.type for t in tokens} & {"html_inline", "html_block", "link_open", "image"}
    shown = flat(" ".join(t.content for t in tokens if t.type in ("text", "fence")))
    headings = [t.tag for t in tokens if t.type == "heading_open"].count("h1")
    assert (kinds, flat(visible(HOSTILE[name])).strip() in shown, headings) == (set(), True, 1)


@pytest.mark.parametrize("runbook", RUNBOOKS)
@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not on PATH")
def test_pdf_shows_it_as_text(incident, tmp_path, name, runbook):
    """Typst evaluates none of it: its letters stand on the pages in order."""
    (tmp_path / "r.pdf").write_bytes(render(incident("resolved", runbook, foreign=HOSTILE[name]), "pdf"))
    said = subprocess.run(["pdftotext", "-raw", tmp_path / "r.pdf", "-"], capture_output=True, text=True, timeout=60, check=True).stdout
    letters = re.sub(r"\W+", "", visible(HOSTILE[name]))
    assert letters in re.sub(r"\W+", "", said)


@pytest.mark.parametrize("runbook", RUNBOOKS)
@pytest.mark.parametrize("to", ["html", "md", "pdf"])
def test_a_very_long_name_does_not_swell_the_report(incident, runbook, to):
    """Ten thousand characters in every name still fit, and the cut is said."""
    data = render(incident("resolved", runbook, foreign="Ä" * 10_000), to)
    assert (to == "pdf" or len(data) <= MOST_BYTES, to == "pdf" or "more characters" in data.decode()) == (True, True)


@pytest.mark.parametrize("text", ["x", "```", "a ````` b ```"])
def test_a_fence_is_longer_than_any_run_of_backticks_inside(text):
    """No text closes its own code block."""
    (token,) = MarkdownIt("commonmark").parse(fenced(text, "sql"))
    assert (token.type, token.content) == ("fence", f"{text}\n")
