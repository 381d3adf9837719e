"""`make bench`: what a run costs beyond its own work, what it costs the server, and the parts; writes docs/benchmarks.md.

`python -m tests.bench footprint` (or `run`, `keyspace`, `logs`, `asgi`, `blink`; `triage`, only so) measures one of them alone and leaves the rest of
the page as it is.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from helpers.sandbox import Sandbox
from tests.bench import asgi, blink, footprint, keyspace, logs, triage
from tests.bench.work import work_of

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))
NOTEBOOK = ROOT / "runbooks" / "postgres" / "lock_contention.ipynb"
WINDOW_S = 1.0
HEADING = "## What a run costs beyond its own work"


def timed(command: list[str], folder: Path) -> tuple[float, float]:
    """Run a command; return (started at, wall seconds)."""
    at, began = time.time(), time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return at, time.perf_counter() - began


def ours(folder: Path) -> dict[str, float]:
    at, wall = timed([str(BIN / "runbook"), "run", "lock_contention", "--profile", "target", "-p", f"window_s={WINDOW_S}"], folder)
    incident = max((folder / "incidents").iterdir())
    first, inside, last = work_of(incident)
    return {"wall": wall, "overhead": wall - inside, "to_first": first - at, "after_last": at + wall - last, "work": inside}


def plain(folder: Path) -> dict[str, float]:
    """The same notebook by papermill's own command line: same evidence and report, none of the runner's guarantees."""
    out = folder / "out.ipynb"
    _, wall = timed(
        [str(BIN / "papermill"), "--no-progress-bar", "-p", "profile", "target", "-p", "window_s", str(WINDOW_S), str(NOTEBOOK), str(out)],
        folder,
    )
    _, inside, _ = work_of(max((folder / "incidents").iterdir()))
    return {"wall": wall, "overhead": wall - inside, "work": inside}


def listed(folder: Path) -> dict[str, float]:
    return {"wall": timed([str(BIN / "runbook"), "list", "--json"], folder)[1]}


def median(rows: list[dict[str, float]], key: str) -> str:
    values = sorted(row[key] for row in rows)
    return f"{statistics.median(values):.2f} s ({values[0]:.2f} – {values[-1]:.2f})"


async def server_cost() -> None:
    """Measure the footprint, and put its section on the page."""
    with tempfile.TemporaryDirectory(prefix="runbook bench ") as name:
        put(footprint.HEADING, footprint.section(await footprint.measure(Path(name))))


async def keys_by_prefix() -> None:
    """Measure the keyspace sample, and put its section on the page."""
    put(keyspace.HEADING, keyspace.section(await keyspace.measure()))


async def lines_by_minute() -> None:
    """Measure the log engine, and put its section on the page."""
    put(logs.HEADING, logs.section(await logs.measure()))


async def middleware_cost() -> None:
    """Measure the runtime middleware, and put its section on the page."""
    put(asgi.HEADING, asgi.section(await asgi.measure()))


async def start_in_a_blink() -> None:
    """Measure batches, starts, the command line, reports and memory, and put their section on the page."""
    with tempfile.TemporaryDirectory(prefix="runbook bench ") as name:
        put(blink.HEADING, blink.section(await blink.measure(Path(name))))


async def triage_first() -> None:
    """Play seeded rounds of the drill, and put their section on the page."""
    put(triage.HEADING, await triage.rounds())


def put(heading: str, text: str) -> None:
    """Replace one section of the page, or add it at its end; the others stay."""
    page = ROOT / "docs" / "benchmarks.md"
    before, found, after = page.read_text(encoding="utf-8").partition(heading)
    rest = after[after.index("\n## ") + 1 :] if "\n## " in after else ""
    page.write_text(f"{before.rstrip()}\n\n{text.rstrip()}\n" + (f"\n{rest}" if found and rest else ""), encoding="utf-8")


async def run_cost() -> None:
    """Measure runs of one runbook from the shell, and put their section on the page."""
    with tempfile.TemporaryDirectory(prefix="runbook bench ") as name:
        folder = Path(name)
        async with Sandbox.start(services=("postgres",), load_rps=0, rows=5000) as sandbox:
            os.environ["TARGET_DSN"] = sandbox.postgres_dsn
            (folder / "profiles.toml").write_text('[target]\npostgres = "env:TARGET_DSN"\n')
            rows: dict[str, list[dict[str, float]]] = {"ours": [], "plain": [], "list": []}
            for number in range(ROUNDS + 1):
                for key, measure in (("ours", ours), ("plain", plain), ("list", listed)):
                    row = await asyncio.to_thread(measure, folder)
                    if number:  # the first round fills the page cache
                        rows[key].append(row)
                sys.stderr.write(f"round {number} of {ROUNDS}\n")
    put(HEADING, section(rows))


def section(rows: dict[str, list[dict[str, float]]]) -> str:
    """Return the section of the page."""
    ratio = statistics.median(a["overhead"] / b["overhead"] for a, b in zip(rows["ours"], rows["plain"], strict=True))
    return f"""{HEADING}

`runbook run lock_contention` on a healthy server, from the shell to its prompt, report included; {ROUNDS} rounds after one to warm up.
Work is what the evidence says was spent inside probes and checks (a window of {WINDOW_S:g} s, four looks at the lock tree); overhead is all the rest.

| | `runbook run` | plain `papermill`, same notebook |
| --- | --- | --- |
| wall | {median(rows["ours"], "wall")} | {median(rows["plain"], "wall")} |
| of it work | {median(rows["ours"], "work")} | {median(rows["plain"], "work")} |
| **overhead** | **{median(rows["ours"], "overhead")}** | {median(rows["plain"], "overhead")} |
| shell to first evidence | {median(rows["ours"], "to_first")} | |
| last evidence to prompt | {median(rows["ours"], "after_last")} | |

Overhead, ours ÷ plain papermill, median of the pairs: **{ratio:.2f}**. Ours includes checking the parameters, redacting every
output, and ending every process it started; plain papermill does none of it.

| command | wall |
| --- | --- |
| `runbook list --json` | {median(rows["list"], "wall")} |
"""


PARTS = {"run": run_cost, "footprint": server_cost, "keyspace": keys_by_prefix, "logs": lines_by_minute, "asgi": middleware_cost,
         "blink": start_in_a_blink, "triage": triage_first}  # fmt: skip
HOURS = ("triage",)  # only when it is named


async def parts(named: list[str]) -> None:
    """Measure the parts named, all of them where none is."""
    for name in named or [part for part in PARTS if part not in HOURS]:
        await PARTS[name]()


if __name__ == "__main__":
    asyncio.run(parts(sys.argv[1:]))
