"""What the command line prints: people's text to stderr, one JSON document to stdout, both redacted and with control characters visible."""

from __future__ import annotations

import json
import sys
from typing import Any

from helpers.escaping import json_text, visible
from helpers.redaction import redact

__all__ = ["complain", "print_json", "print_line", "say", "table"]


def say(text: str) -> None:
    """Print a line for people, on stderr."""
    sys.stderr.write("\n".join(redact(visible(line)) for line in text.splitlines() or [""]) + "\n")


def complain(reason: str, remedy: str = "") -> None:
    """Print what went wrong and what to do next, on stderr."""
    say(f"✗ {reason}" + (f"\n  {remedy}" if remedy else ""))


def print_json(document: Any) -> None:
    """Print one JSON document on stdout."""
    text = document if isinstance(document, str) else json.dumps(document, indent=2, ensure_ascii=False, default=str)
    sys.stdout.write(redact(json_text(text)) + "\n")


def print_line(document: Any) -> None:
    """Print one JSON document on one line of stdout, at once."""
    sys.stdout.write(redact(json_text(json.dumps(document, ensure_ascii=False, default=str))) + "\n")
    sys.stdout.flush()


def table(title: str, rows: list[dict[str, Any]]) -> None:
    """Print rows as a table on stderr, one column per key of the first row."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=title, title_justify="left", show_edge=False)
    for name in rows[0] if rows else ():
        drawn.add_column(name, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(redact(visible(value))) for value in row.values()))
    Console(stderr=True).print(drawn)
