"""The `.sql` file beside a check, in the variant that fits the server."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

__all__ = ["load_sql"]


@cache
def load_sql(module_file: str, version_num: int) -> str:
    """Return the text of `<name>.sql` beside `<name>.py`, or of the highest `<name>.pgNN.sql` the server is new enough for."""
    module = Path(module_file)
    major = version_num // 10000
    best, path = 0, module.with_suffix(".sql")
    for candidate in module.parent.glob(f"{module.stem}.pg*.sql"):
        match = re.search(r"\.pg(\d+)\.sql$", candidate.name)
        if match and best < int(match[1]) <= major:
            best, path = int(match[1]), candidate
    return path.read_text(encoding="utf-8")
