"""What a run of a runbook costs the server it asks: processor time of its sessions, a busy neighbour's throughput, and its locks.

The runbook itself runs somewhere else in real life, and here on the same machine. So what is measured first is the server's own
processor time, by session; the throughput of pgbench beside it, in interleaved pairs, is the check on that number, with the server
and pgbench held on one core and the runbook on another where there are two.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import psutil

from helpers.sandbox import Sandbox
from helpers.sandbox.binaries import postgres_binaries

__all__ = ["HEADING", "Footprint", "measure", "section"]

HEADING = "## What a run costs the server"

BIN = Path(sys.executable).parent
PAIRS = int(os.environ.get("BENCH_PAIRS", "3"))
CLIENTS, SCALE, LEAD_S = 4, 5, 2.0
RUNBOOKS = {"lock_contention": [], "missing_index": []}  # with their default parameters
EVERY_S = 0.02
LOCKS = "select distinct l.locktype || ' ' || l.mode from pg_locks l join pg_stat_activity a using (pid) where a.application_name like 'runbook:%'"


@dataclass
class Processors:
    """Seconds of processor time by session, as the kernel counts them; the last reading of a session that ended stands."""

    postmaster: int
    role: str
    seconds: dict[int, float] = field(default_factory=dict)
    ours: set[int] = field(default_factory=set)
    started: dict[int, float] = field(default_factory=dict)

    def look(self, *, first: bool = False) -> None:
        for process in psutil.Process(self.postmaster).children():
            try:
                now = int(Path(f"/proc/{process.pid}/schedstat").read_text().split()[0]) / 1e9
                title = Path(f"/proc/{process.pid}/cmdline").read_bytes().decode(errors="replace")
            except (OSError, IndexError):
                continue
            self.started.setdefault(process.pid, now if first else 0.0)
            self.seconds[process.pid] = now
            if f" {self.role} " in title:
                self.ours.add(process.pid)

    def share_pct(self) -> float:
        """Our part of what all sessions and helpers of the server took since the first look, in per cent."""
        spent = {pid: value - self.started[pid] for pid, value in self.seconds.items()}
        return 100 * sum(spent[pid] for pid in self.ours) / max(sum(spent.values()), 1e-9)

    def ours_s(self) -> float:
        return sum(self.seconds[pid] - self.started[pid] for pid in self.ours)


@dataclass
class Footprint:
    """What was measured of one runbook."""

    runbook: str
    shares_pct: list[float] = field(default_factory=list)
    ours_s: list[float] = field(default_factory=list)
    wall_s: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    locks: set[str] = field(default_factory=set)


def pinned(cores: set[int]) -> Callable[[], None] | None:
    return (lambda: os.sched_setaffinity(0, cores)) if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1 else None


def watched(looks: Callable[[], None], done: threading.Event) -> threading.Thread:
    def go() -> None:
        while not done.wait(EVERY_S):
            looks()

    thread = threading.Thread(target=go)
    thread.start()
    return thread


class Bench:
    """One server under pgbench."""

    def __init__(self, sandbox: Sandbox, folder: Path, postmaster: int) -> None:
        self.folder, self.postmaster = folder, postmaster
        self.admin = sandbox.admin_dsn.rpartition("/")[0] + "/bench"
        self.profile = sandbox.postgres_dsn.rpartition("/")[0] + "/bench"

    async def fill(self, owner_dsn: str) -> None:
        connection = await asyncpg.connect(owner_dsn)
        await connection.execute("create database bench owner shop_owner")
        await connection.close()
        connection = await asyncpg.connect(self.admin)
        await connection.execute("create extension pg_stat_statements")
        await connection.close()
        await asyncio.to_thread(self._pgbench, "-i", "-q", "-s", str(SCALE), dsn=self.profile)
        for process in [psutil.Process(self.postmaster), *psutil.Process(self.postmaster).children()]:
            with contextlib.suppress(ProcessLookupError):  # a worker of autovacuum, gone meanwhile
                if pinned({0}):
                    os.sched_setaffinity(process.pid, {0})

    def _pgbench(self, *arguments: str, dsn: str = "") -> str:
        command = [str(postgres_binaries()[0] / "pgbench"), *arguments, "-d", dsn or self.admin]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, preexec_fn=pinned({0}))
        assert done.returncode == 0, done.stderr
        return done.stdout

    def throughput(self, seconds: float, beside: Callable[[], None] | None) -> float:
        """Transactions a second of a run of `seconds`, with something beside it from its third second on."""
        thread = threading.Timer(LEAD_S, beside) if beside else None
        if thread:
            thread.start()
        said = self._pgbench("-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "1", "-T", str(int(seconds)))
        if thread:
            thread.join()
        found = re.search(r"tps = ([\d.]+)", said)
        assert found, said
        return float(found[1])

    def run(self, runbook: str) -> float:
        """Run it; return the seconds from the shell to its prompt."""
        began = time.perf_counter()
        command = [str(BIN / "runbook"), "run", runbook, "--profile", "bench"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=200, check=False, preexec_fn=pinned({1}))
        assert done.returncode in (0, 1, 3), done.stderr
        return time.perf_counter() - began

    def accounted(self, found: Footprint) -> None:
        """Run it beside pgbench and add what it cost the server while it ran."""
        processors, done = Processors(self.postmaster, "shop_owner"), threading.Event()
        processors.look(first=True)
        thread = watched(processors.look, done)
        found.wall_s.append(self.run(found.runbook))
        done.set()
        thread.join()
        found.shares_pct.append(processors.share_pct())
        found.ours_s.append(processors.ours_s())

    async def locks(self, found: Footprint) -> None:
        """Run it once more while its locks are looked at, fifty times a second."""
        running = asyncio.create_task(asyncio.to_thread(self.run, found.runbook))
        connection = await asyncpg.connect(self.admin)
        while not running.done():
            found.locks |= {row[0] for row in await connection.fetch(LOCKS)}
            await asyncio.sleep(EVERY_S)
        await connection.close()


async def measure(folder: Path) -> list[Footprint]:
    """Return the footprint of each runbook, from PAIRS interleaved pairs of pgbench runs."""
    async with Sandbox.start(services=("postgres",), load_rps=0, rows=5000) as sandbox:
        bench = Bench(sandbox, folder, (await sandbox.status())["services"]["postgres"]["pid"])
        await bench.fill(sandbox.admin_dsn)
        os.environ["BENCH_DSN"] = bench.profile
        with (folder / "profiles.toml").open("a") as profiles:
            profiles.write('[bench]\npostgres = "env:BENCH_DSN"\n')
        return [await _one(bench, Footprint(name)) for name in RUNBOOKS]


async def _one(bench: Bench, found: Footprint) -> Footprint:
    await bench.locks(found)  # which also fills the page cache
    seconds = await asyncio.to_thread(bench.run, found.runbook) * 1.5 + LEAD_S + 2
    for number in range(PAIRS):
        arms = [lambda: bench.accounted(found), None]
        tps = {}
        for arm in arms if number % 2 else reversed(arms):
            tps[arm is None] = await asyncio.to_thread(bench.throughput, seconds, arm)
        found.ratios.append(tps[False] / tps[True])
        sys.stderr.write(f"{found.runbook}: pair {number + 1} of {PAIRS}\n")
    return found


def section(found: list[Footprint]) -> str:
    """Return the part of docs/benchmarks.md that says it; raises AssertionError on a lock that blocks a writer."""
    strong = {lock for one in found for lock in one.locks if lock.startswith(("relation", "tuple")) and lock != "relation AccessShareLock"}
    assert not strong, strong
    rows = [
        ("**processor time of its sessions ÷ the whole server's**", lambda f: f"**{_median(f.shares_pct, ' %')}**"),
        ("of one core, while it ran", lambda f: _median([100 * a / b for a, b in zip(f.ours_s, f.wall_s, strict=True)], " %")),
        ("processor time of its sessions", lambda f: _median(f.ours_s, " s")),
        ("while it ran, shell to prompt", lambda f: _median(f.wall_s, " s")),
        ("pgbench's throughput beside it ÷ without it", lambda f: _median(f.ratios, "")),
        ("locks its sessions were seen to hold", lambda f: ", ".join(sorted(f.locks))),
    ]
    head = "| | " + " | ".join(f"`{one.runbook}`" for one in found) + " |\n| --- |" + " --- |" * len(found)
    return f"""{HEADING}

Each runbook with its default parameters, on a server that pgbench keeps busy ({CLIENTS} clients, scale {SCALE}, prepared, no fsync: bound by the
processor), {PAIRS} interleaved pairs of pgbench runs with and without it. Server and pgbench are held on one core, so that a share is the
largest it can be, and the runbook on another, since in real life it runs elsewhere. The processor time is the kernel's own count, by
session; the throughput of single pairs varies by more than one per cent on a shared machine, so it only checks that number.

{head}
{chr(10).join(f"| {name} | {' | '.join(cell(one) for one in found)} |" for name, cell in rows)}

AccessShareLock is what every SELECT takes; it blocks no reader and no writer. A virtualxid is each transaction's own.
"""


def _median(values: list[float], unit: str) -> str:
    return f"{statistics.median(values):.2f}{unit} ({min(values):.2f} – {max(values):.2f})"
