"""Commands answered without the command line's parser, which takes longer to import (typer, pydantic, rich) than they take.

Only words that leave nothing to parse; all else, mistakes included, is the parser's business.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

__all__ = ["answered"]


def answered(words: Sequence[str]) -> bool:
    """Answer, and return whether that is all; False leaves everything to the parser.

    Raises:
        UsageError: there is no such runbook.

    """
    if any(name.endswith("_COMPLETE") for name in os.environ):  # the shell asks what it could complete
        return False
    match words:
        case ["list"] | ["list", "--json"]:
            from helpers.cli import list as listing

            listing.answer(as_json=words[-1] == "--json")
        case ["show", name] | ["show", name, "--json"] if not name.startswith("-"):
            from helpers.cli import show

            show.answer(name, as_json=words[-1] == "--json")
        case [*_, "--help" | "-h"]:
            from helpers.cli import remembered

            return remembered.shown(words)
        case _:
            return False
    return True
