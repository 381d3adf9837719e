"""One short cell with one sentence before it, the same in every runbook of ours: whoever knows one runbook knows it in all."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.runner.notebook import Notebook, Problem

__all__ = ["HIT_CODE", "HIT_TEXT", "who_was_hit"]

HIT_TEXT = (
    "Who meets it: the routes that fail or are slow in the application's own log, and since when, where the profile has `logs`. "
    "It names no cause."
)
HIT_CODE = "hit = await incident.check(logs.who_was_hit)\nhit"


def who_was_hit(book: Notebook) -> Iterator[Problem]:
    """Yield a runbook of this project that does not ask the logs who was hit, in its words, while it isolates."""
    if not book.is_runbook or book.checkout is None:
        return
    places = {cell.id: number for number, cell in enumerate(book.cells)}
    text, code = places.get("isolate-hit-text"), places.get("isolate-hit")
    if text is None or code is None or code - text != 1:
        yield Problem(1, "it does not ask who was hit", "cells isolate-hit-text and isolate-hit, one after the other, as missing_index has")
        return
    for place, wanted in ((text, HIT_TEXT), (code, HIT_CODE)):
        if book.cells[place].text != wanted:
            yield Problem(place + 1, f"{book.cells[place].id} is not as in all runbooks", f"`{wanted}`")
    headings = [c.text.splitlines()[0] for c in book.cells[:code] if c.kind == "markdown" and c.text.startswith("## ")]
    if not headings or "Isolate" not in headings[-1]:
        yield Problem(code + 1, "who was hit is asked outside the step Isolate", "below `## 2. Isolate: …`")
