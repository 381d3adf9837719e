"""Where a local process of the API stands, looked at from outside by py-spy.

For an application without the runtime middleware, where the operator names its process: its main thread is looked at some tens of times. At the
same line of own code in looks that follow each other the event loop did not come round. Nothing of the process is changed, nor is it paused.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from helpers.errors import Refused
from helpers.git.connect import Checkout
from helpers.results import CheckResult, Status

__all__ = ["HeldUp", "grouped", "place_of", "process_stacks"]

FEWEST = 10  # looks, below which a share says too little
TORN = 2  # looks that may fail before one has succeeded; later, as many more as did succeed
LOOP = ("asyncio/events.py", "asyncio/base_events.py", "asyncio/runners.py")  # whoever is below them runs the loop, and is not run by it
RUNS_LOOP = re.compile(r"\b(run_until_complete|run_forever|(asyncio|uvloop|uvicorn|anyio)\.run)\(")  # uvloop has no frames of its own


@dataclass(frozen=True, slots=True)
class HeldUp:
    """A line of own code at which the main thread was seen standing. Times in ms, as far as the looks tell.

    `stalls` counts how often it stood there for longer than from one look to the next, `callee` is the library's function it called there.
    """

    code_file_path: str
    code_line_number: int
    code_function_name: str
    code_text: str
    callee: str
    http_route: str
    stalls: int
    blocked_ms: float
    longest_ms: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where the main thread was in one look: a file of the checkout, line and function, and what was called there."""

    file: str
    line: int
    function: str
    callee: str


async def process_stacks(
    code: Checkout, *, pid: int = 0, looks: int = 60, every_s: float = 0.05, budget_s: float = 10.0
) -> CheckResult[HeldUp]:
    """The lines at which the process's main thread stood, the most time first.

    Args:
        code: The checkout the process runs, or another copy of it.
        pid: The process; 0: not asked.
        looks: How often it is looked at.
        every_s: Seconds from one look to the next; more where a look itself takes longer.
        budget_s: Seconds after which no further look is taken.

    Returns:
        PROBLEM with the lines, OK when it never stood, SKIPPED without a pid; UNKNOWN with fewer than 10 looks. Facts: `lines` (looks taken),
        `blocked_share` (of the time, spent at a line it was already at in the look before).

    Raises:
        SystemProblem: py-spy is not installed, or may not look into the process.

    Source: py-spy dump; a process's main thread runs its event loop (uvicorn, gunicorn's workers, asyncio.run).
    """
    if not pid:
        reason, remedy = "No process was named to look into.", "On the API's own machine: its pid (of one worker) as `pid`."
        return CheckResult(Status.SKIPPED, reason=reason, remedy=remedy)
    files, seen, began, torn = set(await code.files()), [], time.perf_counter(), 0
    for number in range(looks):
        await asyncio.sleep(max(began + number * every_s - time.perf_counter(), 0.0))
        try:
            seen.append(place_of(json.loads(await code.py_spy(pid)), files))
        except Refused:  # it is not paused: what is read while it changes may be torn, now and then
            torn += 1
            if torn > TORN + len(seen):
                raise
        if time.perf_counter() - began > budget_s:
            break
    step_ms = (time.perf_counter() - began) * 1000 / max(len(seen), 1)
    if len(seen) < FEWEST:
        return CheckResult(Status.UNKNOWN, reason=f"{len(seen)} looks are too few.", facts={"lines": 0})
    rows = grouped(seen, step_ms, code)
    share = sum(row.blocked_ms for row in rows) / (step_ms * len(seen))
    facts = {"lines": len(seen), "processes": 1, "blocked_share": round(share, 4)}
    if not rows:
        return CheckResult(Status.OK, [], f"In {len(seen)} looks the main thread of process {pid} never stood.", facts=facts)
    said = f"The main thread of process {pid} stood for {share:.0%} of {len(seen)} looks, most at {rows[0].code_file_path}:{rows[0].code_line_number}."
    return CheckResult(Status.PROBLEM, rows, said, facts=facts)


def place_of(threads: Sequence[Mapping[str, Any]], files: set[str]) -> Place | None:
    """Return the innermost line of own code that the main thread's event loop runs; None where it runs nothing of the application. Pure."""
    main = next((thread for thread in threads if thread.get("thread_name") == "MainThread"), None)
    callee = ""
    for frame in main["frames"] if main else ():
        if str(frame["filename"]).endswith(LOOP):
            return None
        own = _own(str(frame["filename"]), files)
        if own:
            return Place(own, int(frame["line"]), str(frame["name"]), callee)
        callee = str(frame["name"])
    return None


def _own(path: str, files: set[str]) -> str:
    """Return the file of the checkout this is: the longest end of the path that is one of them; empty for a library's."""
    parts = path.strip("/").split("/")
    if "site-packages" in parts or "dist-packages" in parts:
        return ""
    return next((name for at in range(len(parts)) if (name := "/".join(parts[at:])) in files), "")


def grouped(seen: Sequence[Place | None], step_ms: float, code: Checkout) -> list[HeldUp]:
    """Return one row per line that two looks in a row or more found it at, the most time first."""
    runs: dict[tuple[str, int], list[int]] = {}
    kept: dict[tuple[str, int], Place] = {}
    before: tuple[str, int] | None = None
    for place in seen:
        key = (place.file, place.line) if place else None
        if place and key and key == before:
            runs[key][-1] += 1
        elif place and key:
            runs.setdefault(key, []).append(0)
            kept[key] = place
        before = key
    rows = [_row(kept[key], [length for length in lengths if length], step_ms, code) for key, lengths in runs.items() if any(lengths)]
    return sorted((row for row in rows if not RUNS_LOOP.search(row.code_text)), key=lambda row: -row.blocked_ms)


def _row(place: Place, lengths: Sequence[int], step_ms: float, code: Checkout) -> HeldUp:
    lines = code.text(place.file).splitlines()
    text = lines[place.line - 1].strip() if 0 < place.line <= len(lines) else ""
    return HeldUp(
        place.file, place.line, place.function, text, place.callee, "", len(lengths),
        round(sum(lengths) * step_ms, 1), round(max(lengths) * step_ms, 1),
    )  # fmt: skip
