"""The log engine against what a user would otherwise use, on one NDJSON file, interleaved, every answer compared with plain Python's."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.bench import log_corpus

__all__ = ["HEADING", "Found", "measure", "section"]

HEADING = "## Logs: requests and percentiles by minute and route"
SIZE = int(float(os.environ.get("BENCH_LOG_GB", "1")) * (1 << 30))
TIMES_LARGER = 5
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
EVERY_ROUND = ("ours", "bare DuckDB", "wc -l", "pandas, pyarrow engine", "ours, accounted", "ours, window of 5 min", "ours, from its cache")
ONCE = ("pandas read_json",)  # minutes of wall time and ten times the file in memory
GOALS = (
    ("pandas read_json", "ours", "≥ 15", "`pandas.read_json(lines=True)` ÷ ours"),
    ("pandas, pyarrow engine", "ours", "≥ 4", "its pyarrow engine ÷ ours"),
    ("ours", "wc -l", "≤ 10", "ours ÷ `wc -l`"),
    ("ours", "bare DuckDB", "≤ 1.10", "ours ÷ the bare DuckDB query"),
    ("ours, window of 5 min", "ours", "≤ 0.4", "a window of five minutes ÷ the whole file"),
    ("ours, from its cache", "ours", "≤ 0.3", "from the cache ÷ the file itself"),
)


class Found:
    """What was measured: seconds by contender and round, MiB at the peak, whether the answers were the oracle's."""

    def __init__(self, lines: int, size: int) -> None:
        self.lines, self.size = lines, size
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.rss_mib: dict[str, float] = {}
        self.wrong: list[str] = []


def contend(name: str, path: Path, cache: Path) -> dict[str, Any]:
    """Run one contender in its own process; `cache` is the folder our cache lives in, empty for every contender but one."""
    environment = {**os.environ, "RUNBOOK_LOG_CACHE": str(cache) if "cache" in name else "off"}
    command = [sys.executable, "-m", "tests.bench.log_contenders", name, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=3600, check=False, env=environment)
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


async def measure() -> Found:
    """Return what was measured, on a file made for it in the folder of temporary files."""
    with tempfile.TemporaryDirectory(prefix="runbook bench ") as folder:
        path, cache = Path(folder) / "api.ndjson", Path(folder) / "cache"
        found = Found(log_corpus.write(path, SIZE), path.stat().st_size)
        sys.stderr.write(f"logs: {found.lines:,} lines, {found.size / 1e9:.2f} GB\n")
        truth = contend("oracle", path, cache)["answer"]
        _take(found, "ours, filling its cache", contend("ours, filling its cache", path, cache), truth)
        for number in range(ROUNDS):
            for name in (*EVERY_ROUND, *(ONCE if not number else ())):
                _take(found, name, contend(name, path, cache), truth)
            sys.stderr.write(f"logs: round {number + 1} of {ROUNDS}\n")
        larger = Path(folder) / "larger.ndjson"
        with larger.open("wb") as target:
            for _ in range(TIMES_LARGER):
                with path.open("rb") as source:
                    while chunk := source.read(1 << 24):
                        target.write(chunk)
        found.rss_mib["ours, five times the file"] = contend("ours", larger, cache)["rss_mib"]
    return found


def _take(found: Found, name: str, answer: dict[str, Any], truth: list[Any]) -> None:
    found.seconds[name].append(answer["seconds"])
    found.rss_mib[name] = max(found.rss_mib.get(name, 0.0), answer["rss_mib"])
    whole = answer["answer"] and "window" not in name
    if whole and not _same(answer["answer"], truth):
        found.wrong.append(name)


def _same(answer: list[Any], truth: list[Any]) -> bool:
    return len(answer) == len(truth) and all(
        a[:3] == t[:3] and all(abs(x - y) < 1e-5 for x, y in zip(a[3:], t[3:], strict=True)) for a, t in zip(answer, truth, strict=True)
    )


def section(found: Found) -> str:
    """Return the part of docs/benchmarks.md that says it."""
    rows = "\n".join(f"| {name} | {_median(took, ' s')} | {found.rss_mib[name]:,.0f} MiB |" for name, took in found.seconds.items())
    ratios = "\n".join(f"| {said} | **{_median(_ratio(found, a, b))}** | {goal} |" for a, b, goal, said in GOALS)
    wrong = ", ".join(sorted(set(found.wrong)))
    same = (
        f"**Answers unlike the oracle's: {wrong}.**"
        if wrong
        else "Every answer was the oracle's (plain Python, a line at a time), to 1e-5 ms."
    )
    return f"""{HEADING}

`python -m tests.bench logs`: an NDJSON file of {found.size / 1e9:.2f} GB, {found.lines:,} lines (made by tests/bench/log_corpus.py), in the page
cache, {ROUNDS} interleaved rounds (pandas' own reader once), each in a process of its own, imports not counted. {same}

| | wall | peak memory |
| --- | --- | --- |
{rows}
| ours, {TIMES_LARGER} times the file | | {found.rss_mib["ours, five times the file"]:,.0f} MiB |

| ratio | measured | goal |
| --- | --- | --- |
{ratios}
{WHY}"""


WHY = """
Why goals are missed where they are: `wc -l` looks for line ends only; the bare DuckDB query, which parses the JSON, takes about twelve times as
long on two cores by itself. Ours counts every physical line before anything is parsed, so that each is accounted for: a second pass over the file,
about an eighth of the bare query. It then asks the whole schema (one name for each thing, whatever a format calls it; routes by template), about a
quarter more. Exact percentiles hold every duration of their group in memory, which DuckDB does not spill: that is what grows with the file.
"""


def _ratio(found: Found, over: str, under: str) -> list[float]:
    return [a / b for a, b in zip(found.seconds[over], found.seconds[under], strict=False)]


def _median(values: list[float], unit: str = "") -> str:
    low, middle, high = (f"{v:,.2f}{unit}" for v in (min(values), statistics.median(values), max(values)))
    return f"{middle} ({low} – {high})" if len(values) > 1 else middle
