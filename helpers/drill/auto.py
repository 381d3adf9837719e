"""Triage plays the drill by itself: our own benchmark."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from helpers.drill.choosing import Round
from helpers.drill.known import known_of
from helpers.drill.scoring import Answer, Score, score
from helpers.errors import RunbookError
from helpers.incident.opening import incidents_in, open_incident
from helpers.sandbox import Sandbox
from helpers.sandbox.places import VARIABLE
from helpers.triage.board import triage
from helpers.triage.view import Board

__all__ = ["Played", "play", "played_before", "summarised"]

ROWS = 60_000  # orders: a scan of them is slow beside an index
SETTLE_S = 6.0  # after the injection, until the log has seen it


@dataclass(frozen=True, slots=True)
class Played:
    """One round: what was injected, what triage ranked, and the score; `broken` says why a round could not be played."""

    seed: int
    difficulty: str
    injected: Sequence[str]
    wanted: Sequence[str]
    ranked: Sequence[str]
    took_s: float
    score: Score | None
    broken: str = ""


async def play(rounds: Iterable[Round], *, out: Path, budget_s: float, journal: Path, told: Callable[[Played], None]) -> list[Played]:
    """Play the rounds, each fault healed before the next; a sandbox is kept for as long as the services are the same.

    Args:
        rounds: What to inject.
        out: Where the incidents go.
        budget_s: Seconds for each triage.
        journal: A file of JSON lines, one for each round; rounds that it holds already are not played again.
        told: Called with each round as it ends.

    """
    journal.parent.mkdir(parents=True, exist_ok=True)
    before = played_before(journal)
    done = [Played(**{**kept, "score": Score(**kept["score"]) if kept["score"] else None}) for kept in before.values()]
    left = sorted((r for r in rounds if (r.seed, str(r.difficulty)) not in before), key=lambda r: list(r.services))
    for services in dict.fromkeys(tuple(r.services) for r in left):
        async with Sandbox.start(services=services, rows=ROWS, load_rps=15.0, name=f"drill-{os.getpid()}") as sandbox:
            os.environ[VARIABLE] = sandbox.name
            for round_ in (r for r in left if tuple(r.services) == services):
                with incidents_in(out):
                    done.append(await _one(round_, sandbox, budget_s))
                with journal.open("a") as file:
                    file.write(json.dumps(asdict(done[-1])) + "\n")
                told(done[-1])
    return done


async def _one(round_: Round, sandbox: Sandbox, budget_s: float) -> Played:
    names = [f"{i.fault} {i.variant}" for i in round_.injections]
    truth: list[dict[str, Any]] = []
    try:
        for injection in round_.injections:
            active = await sandbox.break_(injection.fault, variant=injection.variant)
            truth.append(asdict(active))
        await asyncio.sleep(SETTLE_S)
        board, took_s = await _look(truth, budget_s)
    except RunbookError as problem:
        return Played(round_.seed, str(round_.difficulty), names, [], [], 0.0, None, f"{problem.reason} {problem.remedy}".strip())
    finally:
        await sandbox.heal()
    causes = [row.runbook for row in board.wrong if not row.follows_from]
    answer = Answer(causes, {row.runbook: row.subject for row in board.rows}, took_s)
    wanted = [fault["code"] for fault in truth if fault["code"]]
    return Played(round_.seed, str(round_.difficulty), names, wanted, causes[:5], took_s, score(truth, answer))


async def _look(truth: Sequence[Mapping[str, Any]], budget_s: float) -> tuple[Board, float]:
    given = await known_of([fault["parameters"] for fault in truth])
    began = time.monotonic()
    incident = await open_incident("triage", profile="sandbox", title="Triage: which runbook fits", budget_s=budget_s)
    try:
        board = await triage(incident, budget_s=budget_s, given=given)
        took_s = round(time.monotonic() - began, 1)
        incident.document()
    finally:
        await incident.systems.close()
    return board, took_s


def played_before(journal: Path) -> dict[tuple[int, str], dict[str, Any]]:
    """Return the rounds a journal holds, by seed and difficulty; a last line that was cut off is left out."""
    found = {}
    for line in journal.read_text().splitlines() if journal.exists() else []:
        try:
            kept = json.loads(line)
        except ValueError:
            continue
        if not kept["broken"]:
            found[(kept["seed"], kept["difficulty"])] = kept
    return found


def summarised(played: Sequence[Played]) -> list[dict[str, Any]]:
    """Return one row per difficulty: rounds, share with every cause first and within one place more, subjects right, seconds, points."""
    rows = []
    for difficulty in dict.fromkeys(p.difficulty for p in played):
        scores = [(p, p.score) for p in played if p.difficulty == difficulty and p.score is not None]
        if not scores:
            continue
        times = sorted(p.took_s for p, _ in scores)
        rows.append({
            "difficulty": difficulty, "rounds": len(scores), "first_pct": round(100 * sum(s.is_first for _, s in scores) / len(scores), 1),
            "near_pct": round(100 * sum(s.is_near for _, s in scores) / len(scores), 1),
            "subject_pct": round(100 * sum(s.subjects_right for _, s in scores) / sum(s.wanted for _, s in scores), 1),
            "harm": sum(s.harm for _, s in scores), "median_s": times[len(times) // 2], "longest_s": times[-1],
            "points": round(sum(s.points for _, s in scores) / len(scores), 1),
        })  # fmt: skip
    return rows
