"""Write the README's catalogue from the runbooks' own words: `python -m helpers.runner.readme README.md`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from helpers.escaping import markdown_text
from helpers.runner.catalogue import find_runbooks

__all__ = ["catalogue", "with_catalogue"]

_BETWEEN = re.compile(r"(<!-- catalogue:[^>]*-->\n).*?(<!-- /catalogue -->)", re.DOTALL)


def catalogue() -> str:
    """Return the runbooks as a Markdown table, by area and name."""
    lines = ["| runbook | what is wrong | may change |", "| --- | --- | --- |"]
    for info in find_runbooks().values():
        place = "/".join(part for part in ("runbooks", info.area, info.path.name) if part)
        words = [re.sub(r"\\([`().:,_-])", r"\1", markdown_text(text)) for text in (info.title, info.may_change)]
        lines.append(f"| [{info.name}]({place}) | {words[0]} | {words[1]} |")
    return "\n".join(lines) + "\n"


def with_catalogue(text: str) -> str:
    """Return a README's text with the catalogue between its markers."""
    return _BETWEEN.sub(lambda m: m[1] + catalogue() + m[2], text)


if __name__ == "__main__":
    readme = Path(sys.argv[1])
    readme.write_text(with_catalogue(readme.read_text(encoding="utf-8")), encoding="utf-8")
