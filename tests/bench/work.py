"""What an incident's evidence says about time: when it began, what was work, when it ended."""

from __future__ import annotations

import itertools
from datetime import datetime
from pathlib import Path

from helpers.incident.evidence import read_evidence

__all__ = ["work_of"]


def work_of(folder: Path) -> tuple[float, float, float]:
    """Return (first evidence at, seconds inside probes and checks, last evidence at) of an incident."""
    records = list(read_evidence(folder))
    at = [datetime.fromisoformat(r.at).timestamp() for r in records]
    inside = sum(r.data.get("ms", 0) for r in records if r.kind == "checked") / 1000
    for began, measured in ((a, b) for a, b in itertools.pairwise(records) if b.kind == "measured"):
        inside += (datetime.fromisoformat(measured.at) - datetime.fromisoformat(began.at)).total_seconds()
    return at[0], inside, at[-1]
