"""What is too long for every run is run in shares: which one rotates with the count of commits."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path

__all__ = ["in_share", "seed"]

ROOT = Path(__file__).parents[1]


@cache
def seed() -> str:
    """RUNBOOK_SEED, or the count of commits: each landing runs another share."""
    if "RUNBOOK_SEED" in os.environ:
        return os.environ["RUNBOOK_SEED"]
    counted = subprocess.run(["git", "rev-list", "--count", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return counted.stdout.strip() or "0"


def in_share(number: int) -> bool:
    """Whether the test of this number runs: one in RUNBOOK_SHARE (1, all of them, unless given)."""
    share = max(int(os.environ.get("RUNBOOK_SHARE", "1")), 1)
    return (number + int("0" + "".join(c for c in seed() if c.isdigit()))) % share == 0
