"""A notebook as its cells: what it would run, and a hash of it that opening and saving it does not change."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Notebook", "read_notebook"]


@dataclass(frozen=True, slots=True)
class Notebook:
    """The code of a notebook, and the SHA-256 of its cells (kinds, texts and tags; no outputs, no metadata)."""

    code: str
    hash: str


def read_notebook(path: Path) -> Notebook:
    """Return the notebook at `path`, which the catalogue could read."""
    cells = json.loads(path.read_bytes())["cells"]
    told = [(c["cell_type"], "".join(c["source"]), sorted(c.get("metadata", {}).get("tags", []))) for c in cells]
    code = "\n".join(source for kind, source, _ in told if kind == "code")
    return Notebook(code, hashlib.sha256(json.dumps(told).encode()).hexdigest())
