"""Whether a drill goes on in a sandbox: then what is broken is not shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["DRILL", "drilled"]

DRILL = "drill.json"


def drilled(folder: Path) -> dict[str, Any] | None:
    """Return what was written down when the drill began, None where none goes on."""
    try:
        kept: dict[str, Any] = json.loads((folder / DRILL).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return kept
