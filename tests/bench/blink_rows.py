"""What `blink` measures, each in processes of its own: batches, one warm run, a cold one, the command line, a report, memory."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from helpers.runner import execute, zygote
from helpers.runner.kernel import Kernel
from tests.bench.work import work_of

BIN = Path(sys.executable).parent
PLAIN = {name: value for name, value in os.environ.items() if not name.startswith(("RUNBOOK_", "PYTEST"))}
STOCK = {**PLAIN, zygote.SWITCH: "1"}
IMPORTS = "import asyncpg, httpx, matplotlib.pyplot, pandas, redis"
BATCH = """import asyncio, sys
from pathlib import Path
from helpers.runner import run_batch
from helpers.runner.zygote import warm_kernels
async def main():
    async with warm_kernels():
        return await run_batch(Path("plan.yaml"), int(sys.argv[2]))
outcomes = asyncio.run(main()).outcomes.values()
assert len(outcomes) == int(sys.argv[1]) and {o.verdict for o in outcomes} == {sys.argv[3]}, outcomes
"""


def write_cells(folder: Path) -> Path:
    """Write the notebook of issue 8: twenty cells, of which one imports what every runbook does; it opens and documents an incident."""
    cells = [
        "from helpers.incident import open_incident\\nincident = await open_incident('cells', profile=profile)".replace("\\n", "\n"),
        IMPORTS,
    ]
    cells += [f"{n} + {n}" for n in range(17)] + ["_ = incident.document()"]
    book = new_notebook(cells=[new_markdown_cell("# Twenty cells\n\n> For the benchmark.\n\n**Needs**: nothing\n**May change**: nothing")])
    book.cells += [new_code_cell('profile = "empty"', metadata={"tags": ["parameters"]}), *map(new_code_cell, cells)]
    book.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python 3"}
    path = folder / "runbooks" / "bench" / "cells.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(book, path)
    return path


def timed(command: list[str], folder: Path, env: dict[str, str], codes: tuple[int, ...] = (0,)) -> float:
    """Run a command; return its wall seconds."""
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=3600, check=False)
    assert done.returncode in codes, done.stderr[-2000:]
    return time.perf_counter() - began


def batch(folder: Path, notebook: str, verdict: str, runs: int, env: dict[str, str], given: dict[str, Any], workers: int = 2) -> float:
    """Seconds for a batch of that many runs, the interpreter's and the zygote's start included."""
    plan = {"name": "bench", "runs": [{"name": f"run{n}", "runbook": notebook, **given} for n in range(runs)]}
    (folder / "plan.yaml").write_text(json.dumps(plan))
    return timed([sys.executable, "-c", BATCH, str(runs), str(workers), verdict], folder, env)


def papermill(folder: Path, notebook: Path, runs: int, given: dict[str, Any]) -> float:
    """Seconds for that many runs of papermill's own command line, one after the other."""
    words = [word for name, value in given.items() for word in ("-p", name, str(value))]
    command = [str(BIN / "papermill"), "--no-progress-bar", *words, str(notebook), str(folder / "out.ipynb")]
    return sum(timed(command, folder, PLAIN) for _ in range(runs))


async def warm(folder: Path, rounds: int, given: dict[str, Any]) -> list[float]:
    """Seconds that single runs in a warm process took beyond the work in their probes and checks, report included."""
    os.chdir(folder)
    zygote.start()
    overheads = []
    for number in range(rounds + 1):
        began = time.perf_counter()
        result = await execute("lock_contention", given, profile="target")
        wall = time.perf_counter() - began
        assert result.exit_code == 0, result.document.summary
        if number:  # the first waits for the zygote's imports
            overheads.append(wall - work_of(result.folder)[1])
    return overheads


def cold(folder: Path, given: dict[str, Any]) -> float:
    """Seconds from the shell to the first line of evidence of one `runbook run`."""
    words = [word for name, value in given.items() for word in ("-p", f"{name}={value}")]
    at = time.time()
    timed([str(BIN / "runbook"), "run", "lock_contention", "--profile", "target", *words], folder, PLAIN)
    return work_of(max((folder / "incidents").glob("*lock_contention*")))[0] - at


def report(incident: Path) -> dict[str, float]:
    """Seconds and KB of a report's export in a process that has exported one before, and of bare nbconvert's of the same notebook."""
    from nbconvert import HTMLExporter

    from helpers.report import render

    book, exporter = nbformat.read(incident / "notebook.ipynb", as_version=4), HTMLExporter()
    rows = {}
    for name, export in (("ours", lambda: render(incident, "html")), ("nbconvert", lambda: exporter.from_notebook_node(book)[0].encode())):
        export()
        laps = []
        for _ in range(5):
            began = time.perf_counter()
            size = len(export())
            laps.append(time.perf_counter() - began)
        rows |= {f"{name}_s": statistics.median(laps), f"{name}_kb": size / 1000}
    return rows


async def memory(folder: Path, kernels: int, *, forked: bool) -> float:
    """MiB of PSS of that many kernels with the imports, their wardens and the zygote, without what ran before."""
    zygote.stop()
    before = await asyncio.to_thread(_pss)
    if forked:
        zygote.start()
    started = [await Kernel.start(PLAIN, folder) for _ in range(kernels)]
    try:
        assert {kernel.forked for kernel in started} == {forked}
        for kernel in started:
            await kernel.client.execute_interactive(IMPORTS, timeout=120, output_hook=lambda _: None)
        return await asyncio.to_thread(_pss) - before
    finally:
        for kernel in started:
            await kernel.stop()


def _pss() -> float:
    import psutil

    below = psutil.Process().children(recursive=True)
    return sum(process.memory_full_info().pss for process in below) / 2**20
