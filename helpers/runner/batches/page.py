"""index.html: what wants a person first, what changed since the batch before, every run to sort and filter. One file, no network."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from helpers.escaping import html_text
from helpers.redaction import redact, write_bytes
from helpers.runner.batches.multiples import mark, panels
from helpers.runner.batches.results import KINDS, Kind, ResultRow, Results

__all__ = ["write_page"]

_LONGEST = 400  # characters of a sentence in the table; the report has it whole
_HEADS = ("verdict", "run", "runbook", "target", "in one sentence", "before", "tries", "seconds")
_LEADS: dict[Kind, str] = {
    "found": "{n} found something wrong", "broken": "{n} broke or did not run", "doubt": "{n} could not decide", "good": "{n} fine",
}  # fmt: skip
_CHIPS: dict[Kind, str] = {"found": "found", "broken": "broken", "doubt": "undecided", "good": "fine"}
_FILES = (
    '<p class="soft"><a href="results.parquet">results.parquet</a> · <a href="junit.xml">junit.xml</a> · '
    '<a href="journal.jsonl">journal.jsonl</a></p>'
)


@cache
def _asset(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8").strip()


def write_page(results: Results) -> None:
    """Write index.html into the batch's folder. No foreign text can run: every text is escaped, and only our own script is let run."""
    script = _asset("page.js")
    allowed = base64.b64encode(hashlib.sha256(f"\n{script}\n".encode()).digest()).decode()
    title = _text(f"Batch {results.name}")
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{allowed}'\">\n"
        f"<title>{title}</title>\n<style>\n{_asset('page.css')}\n</style></head>\n<body>\n{_head(results, title)}\n{_changes(results)}\n"
        f'<h2>By target</h2>\n<div class="panels">\n{panels(results)}\n</div>\n'
        f'<h2 id="runs">Runs</h2>\n{_tools(results)}\n{_table(results)}\n<script id="sorting">\n{script}\n</script>\n</body></html>\n'
    )
    write_bytes(
        results.folder / "index.html", page.encode("utf-8", "backslashreplace")
    )  # each text is redacted; the script stays as hashed


def _head(results: Results, title: str) -> str:
    kinds = Counter(row.kind for row in results.rows)
    lead = ", ".join(_LEADS[kind].format(n=kinds[kind]) for kind in KINDS if kinds[kind])
    took_s = sum(row.outcome.duration_s for row in results.rows)
    before = f", compared with {_text(results.earlier[0].name)}" if results.earlier else ", the first of its name here"
    facts = f"{len(results.rows)} runs, {took_s:,.0f} s of work · {_text(results.folder.name)}{before}"
    return f'<header><h1>{title}</h1><p class="lead">{lead}.</p><p class="soft">{facts}</p>{_FILES}</header>'


def _changes(results: Results) -> str:
    if not results.earlier:
        return ""
    if not results.changes:
        return "<h2>Since the batch before</h2><p>Nothing changed: the same runs, the same verdicts.</p>"
    reports = {row.run: row.report for row in results.rows}
    lines = []
    for change in results.changes:
        shown = _link(change.run, reports.get(change.run, ""))
        verdicts = " → ".join(_text(v) for v in (change.before, change.after) if v)
        lines.append(f'<li><span class="word">{change.kind}</span> {shown} <span class="soft">{verdicts}</span></li>')
    return f'<h2>Since the batch before</h2>\n<ul class="changes">\n{"".join(lines)}\n</ul>'


def _tools(results: Results) -> str:
    """What filters the table; hidden where no script runs."""
    kinds = Counter(row.kind for row in results.rows)
    chips = "".join(_chip("kind", kind, f"{mark(kind)}{kinds[kind]} {_CHIPS[kind]}") for kind in KINDS if kinds[kind])
    if any(row.change for row in results.rows):
        chips += _chip("changed", "1", "changed or new")
    targets = sorted({row.profile for row in results.rows})
    options = "".join(f'<option value="{_text(t)}">{_text(t or "no target")}</option>' for t in targets)
    return (
        '<div class="tools" hidden><input type="search" id="search" placeholder="Filter by any word" aria-label="Filter">'
        f'<select id="target" aria-label="Target"><option value="*">all targets</option>{options}</select>{chips}<span id="shown" class="soft"></span></div>'
    )


def _chip(what: str, value: str, shown: str) -> str:
    return f'<button type="button" class="chip" data-is="{what}" value="{value}" aria-pressed="false">{shown}</button>'


def _table(results: Results) -> str:
    heads = "".join(f'<th scope="col"{_aligned(name)}><button type="button">{name}</button></th>' for name in _HEADS)
    rows = "\n".join(_row(row) for row in sorted(results.rows, key=lambda row: KINDS.index(row.kind)))
    return f'<div class="scroll"><table><thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>'


def _aligned(name: str) -> str:
    return ' class="n"' if name in ("tries", "seconds") else ""


def _row(row: ResultRow) -> str:
    outcome, kind = row.outcome, row.kind
    given = " · ".join(f"{name}={_value(value)}" for name, value in row.parameters.items())
    shown = _link(row.run, row.report) + (f'<span class="given">{_text(given)}</span>' if given else "")
    before = (row.change.before or row.change.kind) if row.change else ""
    cells = [
        f'<td data-key="{KINDS.index(kind)} {_text(outcome.verdict)}"><span class="v {kind}">{_text(outcome.verdict)}</span></td>',
        f'<td class="run" data-key="{_text(row.run)}">{shown}</td>',
        *(f"<td>{_text(value)}</td>" for value in (row.runbook, row.profile)),
        f'<td class="words">{html_text(redact(outcome.summary), limit=_LONGEST)}</td><td>{_text(before)}</td>',
        f'<td class="n">{row.attempts or ""}</td><td class="n">{outcome.duration_s:.1f}</td>',
    ]
    changed = ' data-changed="1"' if row.change else ""
    return f'<tr data-kind="{kind}" data-target="{_text(row.profile)}"{changed}>{"".join(cells)}</tr>'


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _link(name: str, report: str) -> str:
    return f'<a href="{html_text(report)}">{_text(name)}</a>' if report else _text(name)


def _text(value: str) -> str:
    return html_text(redact(value))
