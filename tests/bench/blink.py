"""Start in a blink: many runs, one run, the command line, a report and memory, each beside what one would have without it.

`BENCH_RUNS` (100) runs a batch, `BENCH_ROUNDS` (3) interleaved rounds; a full measurement takes about half an hour, most of it papermill's.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from helpers.sandbox import Sandbox
from tests.bench import blink_rows as rows

__all__ = ["HEADING", "measure", "section"]

HEADING = "## Start in a blink"
RUNS = int(os.environ.get("BENCH_RUNS", "100"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
KERNELS = 8
SHARE = 5  # of the runbook, whose own work is five seconds, a batch has this much fewer runs
SHORT = {"window_s": 1.0}  # a shorter look decides nothing
COMMANDS = {"list": ["list"], "show": ["show", "missing_index"], "--help": ["--help"], "run --help": ["run", "--help"]}
RUNBOOK = Path(__file__).parents[2] / "runbooks" / "postgres" / "lock_contention.ipynb"

Laps = dict[str, list[float]]


async def measure(folder: Path) -> Laps:
    """Return seconds (MiB, KB) by row, a list entry for each round."""
    async with Sandbox.start(services=("postgres",), load_rps=0, rows=5000) as sandbox:
        os.environ["TARGET_DSN"] = rows.PLAIN["TARGET_DSN"] = rows.STOCK["TARGET_DSN"] = sandbox.postgres_dsn
        (folder / "profiles.toml").write_text('[empty]\n[target]\npostgres = "env:TARGET_DSN"\n')
        cells, laps = rows.write_cells(folder), defaultdict(list)
        for number in range(ROUNDS):
            sys.stderr.write(f"blink: round {number + 1} of {ROUNDS}\n")
            await asyncio.to_thread(_batches, folder, cells, laps)
            await asyncio.to_thread(_commands, folder, laps)
            laps["cold"] += [await asyncio.to_thread(rows.cold, folder, SHORT) for _ in range(3)]
            laps["warm"] += await rows.warm(folder, 5, SHORT)
            for name, value in rows.report(max((folder / "incidents").glob("*lock_contention*"))).items():
                laps[name].append(value)
            for kind in (True, False):
                laps[f"pss {kind}"].append(await rows.memory(folder, KERNELS, forked=kind))
    return laps


def _batches(folder: Path, cells: Path, laps: Laps) -> None:
    for name, path, verdict, profile, given in (
        ("cells", cells, "inconclusive", "empty", {}), ("runbook", RUNBOOK, "healthy", "target", SHORT),
    ):  # fmt: skip
        wanted: dict[str, Any] = {"profile": profile, "parameters": given} if given else {"profile": profile}
        runs = _runs(name)
        laps[f"{name} forked"].append(rows.batch(folder, path.stem, verdict, runs, rows.PLAIN, wanted))
        laps[f"{name} stock"].append(rows.batch(folder, path.stem, verdict, runs, rows.STOCK, wanted))
        laps[f"{name} papermill"].append(rows.papermill(folder, path, runs, {"profile": profile, **given}))


def _runs(name: str) -> int:
    return RUNS if name == "cells" else max(1, RUNS // SHARE)


def _commands(folder: Path, laps: Laps) -> None:
    for name, words in COMMANDS.items():
        laps[name] += [rows.timed([str(rows.BIN / "runbook"), *words], folder, rows.PLAIN) for _ in range(6)][1:]


def section(laps: Laps) -> str:
    """Return the section of the page."""
    commands = "\n".join(f"| `runbook {name}` | {_spread(laps[name], 1000, 'ms', 0)} | ≤ 150 ms |" for name in COMMANDS)
    return f"""{HEADING}

`python -m tests.bench blink` (`BENCH_RUNS={RUNS} BENCH_ROUNDS={ROUNDS}`): batches, 2 workers, {ROUNDS} interleaved rounds, every
interpreter's and the zygote's start included; medians (least – most). "Cells" is a notebook of twenty cells, one of which imports pandas,
asyncpg, redis, httpx and matplotlib; "runbook" is `lock_contention` on a healthy server with a window of {SHORT["window_s"]:g} s, whose own work
(waiting for that window, several times, some five seconds) is the same for all.

| batch | forked kernels | stock kernels, same workers | `papermill` command line in a loop |
| --- | --- | --- | --- |
{_batch_row("cells", laps)}
{_batch_row("runbook", laps)}

| | measured | goal |
| --- | --- | --- |
| cells: papermill in a loop ÷ forked | **{_ratio(laps["cells papermill"], laps["cells forked"])}** | ≥ 15 |
| cells: stock kernels ÷ forked | **{_ratio(laps["cells stock"], laps["cells forked"])}** | ≥ 4 |
| runbook: papermill in a loop ÷ forked | {_ratio(laps["runbook papermill"], laps["runbook forked"])} | |
| runbook: stock kernels ÷ forked | {_ratio(laps["runbook stock"], laps["runbook forked"])} | |
| a warm run beyond its own work, report included | **{_spread(laps["warm"], 1000, "ms", 0)}** | ≤ 300 ms |
| cold `runbook run`, shell to first evidence | **{_spread(laps["cold"])}** | ≤ 1.2 s |
| report export, in a process that has exported before | **{_spread(laps["ours_s"], 1000, "ms", 0)}** | ≤ 150 ms |
| its size | **{_spread(laps["ours_kb"], 1, "KB", 0)}** | ≤ 150 KB |
| bare nbconvert of the same notebook | {_spread(laps["nbconvert_s"], 1000, "ms", 0)}, {_spread(laps["nbconvert_kb"], 1, "KB", 0)} | |
| PSS of {KERNELS} kernels with the imports, zygote and wardens included | {_spread(laps["pss True"], 1, "MiB", 0)} | |
| the same, stock | {_spread(laps["pss False"], 1, "MiB", 0)} | |
| forked ÷ stock | **{_ratio(laps["pss True"], laps["pss False"])}** | ≤ 0.5 |
{commands}

Where it goes: against stock kernels with the same workers both are bound by the same two processors, and what a run costs beside its kernel's
start (the protocol of a dozen cells, the incident, redacting and writing the notebook) is the same for both. A warm run's overhead is some 70 ms
for its kernel, some 30 ms to open the incident and ping, some 6 ms for each further cell, and some 60 ms after the last evidence (the report,
tasks that failed unseen are collected, the kernel and its warden end, the notebook is written). Memory: forked kernels share what the zygote
imported, which is more than the five imports of the stock ones (all that runbooks use); each writes to some 18 MiB of it (reference counts, and
an IPython of its own), its warden to 5. The zygote unmaps the code that only its imports ran, some 50 MiB.
"""


def _batch_row(name: str, laps: Laps) -> str:
    return (
        f"| {name}, {_runs(name)} runs | " + " | ".join(_spread(laps[f"{name} {kind}"]) for kind in ("forked", "stock", "papermill")) + " |"
    )


def _spread(values: list[float], times: float = 1.0, unit: str = "s", digits: int = 2) -> str:
    low, middle, high = (f"{value * times:.{digits}f}" for value in (min(values), statistics.median(values), max(values)))
    return f"{middle} {unit} ({low} – {high})" if len(values) > 1 else f"{middle} {unit}"


def _ratio(over: list[float], under: list[float]) -> str:
    ratios = [a / b for a, b in zip(over, under, strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} – {max(ratios):.2f})" if len(ratios) > 1 else f"{ratios[0]:.2f}"
