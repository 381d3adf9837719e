"""How often triage names the right runbook first: seeded rounds of the drill, played by triage itself.

`BENCH_DRILL` is the folder of a journal that is gone on with (rounds that it holds are not played again), `BENCH_DRILL_ROUNDS` (200) and
`BENCH_DRILL_SEED` (0) say which rounds; 200 take about an hour and a half.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from helpers.drill.auto import Played, play, summarised
from helpers.drill.choosing import Difficulty, draw

HEADING = "## Triage: which runbook comes first"
ROUNDS = int(os.environ.get("BENCH_DRILL_ROUNDS", "200"))
SEED = int(os.environ.get("BENCH_DRILL_SEED", "0"))
BUDGET_S = 25.0


async def rounds() -> str:
    """Play the rounds, single faults and every fifth beside a red herring, and return the section of the page."""
    with tempfile.TemporaryDirectory(prefix="runbook drill ") as scratch:
        folder = Path(os.environ.get("BENCH_DRILL", scratch))
        wanted = [draw(SEED + n, Difficulty.HERRING if n % 5 == 4 else Difficulty.SINGLE) for n in range(ROUNDS)]
        played = await play(wanted, out=folder, budget_s=BUDGET_S, journal=folder / "drill.jsonl", told=_tell)
    return section(played)


def _tell(played: Played) -> None:
    sys.stderr.write(f"{played.seed}: {' + '.join(played.injected)} → {', '.join(played.ranked) or played.broken or 'nothing'}\n")


def section(played: Sequence[Played]) -> str:
    """Return the section of the page: a row per difficulty, and what was missed."""
    rows = "\n".join(
        f"| {row['difficulty']} | {row['rounds']} | **{row['first_pct']:g} %** | {row['near_pct']:g} % | {row['subject_pct']:g} % | {row['harm']} "
        f"| {row['median_s']:g} s | {row['longest_s']:g} s |"
        for row in summarised(played)
    )
    missed = Counter(wanted for one in played if one.score and not one.score.is_first for wanted in one.wanted)
    told = ", ".join(f"`{name}`{f' ({times})' if times > 1 else ''}" for name, times in missed.most_common()) or "nothing"
    broken = sum(bool(one.broken) for one in played)
    return f"""{HEADING}

`python -m tests.bench triage`: the sandbox under load is broken by a fault drawn from a seed (each failure mode as likely as every other),
and `triage` is asked with a budget of {BUDGET_S:g} s, told what anybody on call would know (docs/triage.md). A runbook that is ranked as `open` does not count as named. Goals: the right runbook first in 95 % of
single faults, in the first two places beside a red herring, within 30 s, no harm.

| difficulty | rounds | right one first | within one place more | subject right | changes made | median | longest |
| --- | --- | --- | --- | --- | --- | --- | --- |
{rows}

Not first: {told}. Rounds that could not be played: {broken}.
A full run is 200 rounds, an hour and a half; the table says how many were played. Why those were missed: docs/triage.md.
"""
