"""A round a person plays: begun in one call, answered in another, in a sandbox that stays up between them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers import sandbox
from helpers.drill.auto import ROWS
from helpers.drill.choosing import Difficulty, Round, draw
from helpers.drill.known import known_of
from helpers.drill.scoring import Answer, Score, score
from helpers.errors import UsageError
from helpers.sandbox import Sandbox
from helpers.sandbox.control import Progress
from helpers.sandbox.drilled import DRILL, drilled

__all__ = ["Outcome", "answer", "begin", "changes_since"]

LOAD_RPS = 15.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a round ended: the score, and each injected fault as the sandbox describes it."""

    score: Score
    took_s: float
    truth: Sequence[Mapping[str, Any]]


async def begin(seed: int, difficulty: Difficulty, *, area: str, progress: Progress) -> dict[str, Any]:
    """Start the sandbox where it is not up, inject the round of this seed, and return what people may know of it (limits, credentials).

    Raises:
        UsageError: a drill is going on, a fault is in, or the sandbox that is up does not run what the round takes.

    """
    round_ = draw(seed, difficulty, area=area)
    running = await sandbox.up(rows=ROWS, services=round_.services, load_rps=LOAD_RPS, progress=progress)
    await _check(running, round_)
    try:
        broken = [await running.break_(injection.fault, variant=injection.variant) for injection in round_.injections]
        known = await known_of([fault.parameters for fault in broken])
    except BaseException:
        await running.heal()
        raise
    kept = {"seed": seed, "difficulty": str(difficulty), "area": area, "began": time.time(), "known": known}
    (running.folder / DRILL).write_text(json.dumps(kept))
    return known


async def _check(running: Sandbox, round_: Round) -> None:
    status = await running.status()
    if drilled(running.folder):
        raise UsageError("A drill is going on.", remedy="Answer it: runbook drill --answer CAUSE, or give up: runbook drill --give-up")
    if status["faults"]:
        raise UsageError("The sandbox is broken already.", remedy="runbook sandbox heal")
    if not set(round_.services) <= set(status["services"]):
        raise UsageError("The sandbox that is up does not run what this round takes.", remedy="runbook sandbox down")


async def answer(given: Mapping[str, str], *, incidents: Path) -> Outcome:
    """Score the round that is going on, heal the sandbox, and return what it was.

    Args:
        given: Failure mode → its subject (empty where none is named), in the order they are named; empty: given up.
        incidents: Where the incidents of this time lie, for the harm that was done.

    Raises:
        UsageError: no drill is going on.

    """
    running = await Sandbox.find()
    kept = drilled(running.folder) if running else None
    if running is None or kept is None:
        raise UsageError("No drill is going on.", remedy="runbook drill")
    truth = (await running.status())["faults"]
    took_s = round(time.time() - kept["began"], 1)
    codes = {fault["code"] for fault in truth}
    result = score(truth, Answer(list(given), dict(given), took_s, changes_since(incidents, kept["began"], codes)))
    await running.heal()
    (running.folder / DRILL).unlink(missing_ok=True)
    return Outcome(result, took_s, truth)


def changes_since(incidents: Path, began: float, cures: set[str]) -> int:
    """Return how many fixes were applied since `began` (Unix seconds) that were for another cause than `cures`, or did not pass."""
    harm = 0
    for path in incidents.glob("*/incident.json"):
        if path.stat().st_mtime < began:
            continue
        document = json.loads(path.read_text(encoding="utf-8"))
        fix = document.get("fix") or {}
        harm += bool(fix.get("applied")) and (document.get("runbook") not in cures or document.get("verdict") != "resolved")
    return harm
