"""What a batch leaves for people and for CI: index.html and junit.xml.

In junit.xml, `healthy` and `resolved` pass; `cause_found`, `other_cause` and `not_resolved` are failures (something is wrong, and
known); everything else is an error, `inconclusive` and `unreachable` too: what could not be asked must not read as a skipped test.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from helpers.escaping import html_text, visible
from helpers.redaction import write_bytes, write_text
from helpers.runner.executor import Outcome
from helpers.runner.plan import Plan

__all__ = ["worst", "write_summary"]

PASSED = {"healthy", "resolved"}
FAILED = {"cause_found", "other_cause", "not_resolved"}
_SEVERITY = (0, 1, 3, 2, 4)  # known trouble is better than unknown, unknown better than not started or broken
_COLOURS = {"passed": "#1a7f37", "failure": "#cf222e", "error": "#9a6700"}


def worst(codes: list[int]) -> int:
    """Return the worst of the exit codes; 0 when there are none."""
    return max(codes, key=lambda code: _SEVERITY.index(code) if code in _SEVERITY else len(_SEVERITY), default=0)


def write_summary(folder: Path, plan: Plan, outcomes: Mapping[str, Outcome]) -> None:
    """Write index.html and junit.xml into the batch's folder; a run without an outcome was not run."""
    rows = [(job.name, job.runbook, job.profile or "", outcomes.get(job.name, _NOT_RUN)) for job in plan.jobs]
    write_text(folder / "index.html", _html(folder, plan, rows))
    write_bytes(folder / "junit.xml", _junit(plan, rows))


Row = tuple[str, str, str, Outcome]
_NOT_RUN = Outcome("not_run", 4, "The batch ended before this run. `--resume` continues it.")


def _kind(outcome: Outcome) -> str:
    return "passed" if outcome.verdict in PASSED else "failure" if outcome.verdict in FAILED else "error"


def _junit(plan: Plan, rows: list[Row]) -> bytes:
    kinds = [_kind(outcome) for *_, outcome in rows]
    counts: dict[str, Any] = {"tests": str(len(rows)), "failures": str(kinds.count("failure")), "errors": str(kinds.count("error"))}
    suite = ElementTree.Element("testsuite", name=plan.name, time=f"{sum(o.duration_s for *_, o in rows):.1f}", **counts)
    for (name, runbook, profile, outcome), kind in zip(rows, kinds, strict=True):
        attributes: dict[str, Any] = {"name": visible(name), "classname": visible(f"{runbook}.{profile}" if profile else runbook)}
        case = ElementTree.SubElement(suite, "testcase", time=f"{outcome.duration_s:.1f}", **attributes)
        if kind != "passed":
            ElementTree.SubElement(case, kind, type=outcome.verdict, message=visible(outcome.summary)).text = visible(outcome.folder)
    body: bytes = ElementTree.tostring(suite, encoding="utf-8")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + body


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title><style>
:root {{ color-scheme: light dark }} body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100% }} td, th {{ text-align: left; padding: .4rem .6rem; border-bottom: 1px solid #8884 }}
td:first-child {{ overflow-wrap: anywhere }} .num {{ text-align: right }}
</style></head><body><h1>{title}</h1><p>{said}</p>
<table><thead><tr><th>run</th><th>runbook</th><th>profile</th><th>verdict</th><th>in one sentence</th><th>seconds</th></tr></thead>
<tbody>
{rows}
</tbody></table></body></html>
"""


def _html(folder: Path, plan: Plan, rows: list[Row]) -> str:
    tally: dict[str, int] = {}
    for *_, outcome in rows:
        tally[outcome.verdict] = tally.get(outcome.verdict, 0) + 1
    said = f"{len(rows)} runs: " + ", ".join(f"{n} {verdict}" for verdict, n in sorted(tally.items()))
    return _PAGE.format(title=html_text(f"Batch {plan.name}"), said=html_text(said), rows="\n".join(_row(folder, row) for row in rows))


def _row(folder: Path, row: Row) -> str:
    name, runbook, profile, outcome = row
    report = Path(outcome.folder) / "report.html"
    shown = html_text(name)
    if outcome.folder and report.is_file():
        shown = f'<a href="{html_text(quote(os.path.relpath(report, folder)))}">{shown}</a>'
    verdict = f'<b style="color:{_COLOURS[_kind(outcome)]}">{html_text(outcome.verdict)}</b>'
    cells = [shown, html_text(runbook), html_text(profile), verdict, html_text(outcome.summary, limit=400)]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + f'<td class="num">{outcome.duration_s:.1f}</td></tr>'
