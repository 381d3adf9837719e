"""junit.xml, for a CI server.

`healthy` and `resolved` pass; `cause_found`, `other_cause` and `not_resolved` are failures (something is wrong, and known); everything
else is an error, `inconclusive` and `unreachable` too: what could not be asked must not read as a skipped test.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from helpers.escaping import visible
from helpers.redaction import redact, write_bytes
from helpers.runner.batches.results import ResultRow, Results

__all__ = ["write_junit"]

_WORDS = {"found": "failure", "doubt": "error", "broken": "error"}


def write_junit(results: Results) -> None:
    """Write junit.xml into the batch's folder."""
    words = [_WORDS.get(row.kind) for row in results.rows]
    counts: dict[str, Any] = {"tests": str(len(words)), "failures": str(words.count("failure")), "errors": str(words.count("error"))}
    took_s = sum(row.outcome.duration_s for row in results.rows)
    suite = ElementTree.Element("testsuite", name=results.name, time=f"{took_s:.1f}", **counts)
    for row in results.rows:
        _case(suite, row)
    body: bytes = ElementTree.tostring(suite, encoding="utf-8")
    write_bytes(results.folder / "junit.xml", b'<?xml version="1.0" encoding="utf-8"?>\n' + body)


def _case(suite: ElementTree.Element, row: ResultRow) -> None:
    outcome = row.outcome
    classname = f"{row.runbook}.{row.profile}" if row.profile else row.runbook
    attributes: dict[str, Any] = {"name": _text(row.run), "classname": _text(classname), "time": f"{outcome.duration_s:.1f}"}
    case = ElementTree.SubElement(suite, "testcase", **attributes)
    if word := _WORDS.get(row.kind):
        ElementTree.SubElement(case, word, type=outcome.verdict, message=_text(outcome.summary)).text = _text(outcome.folder)


def _text(value: str) -> str:
    return visible(redact(value))
