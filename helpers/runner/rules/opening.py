"""What a person on call must know before running it: title, one line of summary, what it needs and may change."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.runner.notebook import Cell, Notebook, Problem

__all__ = ["opening"]

_ALL = ("**Needs**", "**May change**")
_RUNBOOK = ("**When to use it.**", "**What it means for users.**", *_ALL)


def opening(book: Notebook) -> Iterator[Problem]:
    """Yield what is missing from the text cells it opens with."""
    head = _head(book)
    text = "\n".join(cell.text for cell in head)
    last = head[-1].number if head else 1
    if not text.startswith("# "):
        yield Problem(1, "it does not open with a title", "first cell: `# What is wrong, as a sentence`")
    quoted = [line for line in text.splitlines() if line.startswith(">")]
    if "\n> " not in text or len(quoted) != 1:
        yield Problem(1, f"{len(quoted)} lines of summary", "one line under the title: `> What one sees of it.`")
    for words in _RUNBOOK if book.is_runbook else _ALL:
        if words not in text:
            yield Problem(last, f"the opening does not say {words}", f"a paragraph that begins with {words}, before the parameters")


def _head(book: Notebook) -> list[Cell]:
    """The first two cells of a runbook; a tour may say it up to its parameters."""
    stop = book.parameters.number - 1 if book.parameters and not book.is_runbook else 2
    return [cell for cell in book.cells[:stop] if cell.kind == "markdown"]
