"""A batch that everything happens to: the runner is killed, the disk fills, PostgreSQL restarts, an API hangs, notebooks are poisoned."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.sandbox import Sandbox
from tests.runner.toys import Toy, marked, until

RUN = (
    "import asyncio, sys; from pathlib import Path; from helpers.runner import run_batch; "
    "asyncio.run(run_batch(Path('plan.yaml'), 2, resume=sys.argv[1] == 'resume', out=Path('disk/batches'), incidents=Path('disk/incidents'), "
    "say=lambda line: print(line, file=sys.stderr, flush=True)))"
)
POISON = {
    "loops": "while True: pass",
    "crashes": "import os; os._exit(3)",
    "floods": "for _ in range(2000): print('x' * 2**20)",  # 2 GB
}
HUNG = (
    "from helpers import http\nawait incident.reproduce(http.latency('GET /', samples=3, warmup=0, timeout_s=1.0), expect='p95_ms < 100')"
)
CELL_S = 60  # on a busy machine the hung one takes 31 s, and a real one up to 10
EXPECTED = {
    "fine": {"inconclusive"}, "loops": {"broken"}, "crashes": {"broken"}, "floods": {"inconclusive"},
    "hung": {"unreachable"}, "real": {"healthy"},
}  # fmt: skip


@dataclass
class Course:
    """What is done to a batch of `runs` runs."""

    runs: int
    kills: int
    disk: bool
    seed: int = 8
    log: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """How many runs there are of each kind."""
        few, real = max(1, self.runs // 60), max(2, self.runs // 10)
        return {"loops": few, "crashes": few, "floods": few, "hung": few, "real": real, "fine": self.runs - 4 * few - real}


def write_plan(course: Course, path: Path, toy: Toy, dsn: str, hung_api: str) -> None:
    """Write the toys, the profiles, the rows and the plan."""
    for name, cell in POISON.items():
        toy(cell, name=name)
    toy(HUNG, name="hung")
    toy("1 + 1", name="fine")
    (path / "profiles.toml").write_text(f'[empty]\n[db]\npostgres = "{dsn}"\n[stuck]\napi = "{hung_api}"\n')
    counts = course.counts()
    (path / "fine.ndjson").write_text("".join(json.dumps({"n": n}) + "\n" for n in range(counts["fine"])))
    kinds = {"real": ("lock_contention", "db", "{window_s: 1.0}"), "hung": ("hung", "stuck", "{}")}
    runs = []
    for kind, count in counts.items():
        runbook, profile, parameters = kinds.get(kind, (kind, "empty", "{}"))
        if kind != "fine":
            runs += [f"  - {{runbook: {runbook}, name: {kind}-{n}, profile: {profile}, parameters: {parameters}}}" for n in range(count)]
    random.Random(course.seed).shuffle(runs)
    (path / "plan.yaml").write_text(
        "name: survival\nretries: {unreachable: 1, wait_s: 8}\n"
        f"limits: {{cell_s: {CELL_S}, connections_per_postgres: 8}}\nruns:\n" + "\n".join(runs) + "\n"
        "matrix: {runbook: [fine], profile: [empty], rows: {ndjson: fine.ndjson}}\n"
    )


def lines(path: Path) -> list[dict[str, Any]]:
    """The journal's whole lines."""
    found = list(path.glob("disk/batches/*/journal.jsonl"))
    return [json.loads(line) for line in found[0].read_bytes().split(b"\n")[:-1]] if found else []


def finished(path: Path) -> list[dict[str, Any]]:
    """The finished runs' lines."""
    return [line for line in lines(path) if line["event"] == "finished"]


def spawn(path: Path, how: str) -> subprocess.Popen[bytes]:
    """Start the runner."""
    with (path / "runner.log").open("ab") as log:
        return subprocess.Popen([sys.executable, "-c", RUN, how], env={**os.environ, "TOY_MARK": str(path)}, cwd=path, stderr=log)


@contextmanager
def small_disk(path: Path, megabytes: int) -> Iterator[bool]:
    """A file system of its own at `path`; yields False where this process may not mount one."""
    path.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path)]
    mounted = subprocess.run(["mount", *options], capture_output=True).returncode == 0 if os.geteuid() == 0 else False
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(path)], check=True)


def fill(path: Path) -> Path:
    """Write until nothing fits any more."""
    ballast = path / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (2**20, 4096, 1):
            try:
                while file.write(b"\0" * size):
                    pass
            except OSError:
                continue
    return ballast


async def survive(course: Course, path: Path, sandbox: Sandbox) -> dict[str, tuple[str, str]]:
    """Do it all, each between two kills, until the batch is over. Returns when PostgreSQL was away, as ISO times, by what was done."""
    chance, away = random.Random(course.seed), {}
    deeds = ["kill"] * course.kills + ["disk"] * course.disk
    chance.shuffle(deeds)
    deeds.insert(0, "restart")  # while those run that ask PostgreSQL: they are the first of the plan
    runner = spawn(path, "start")
    for number, deed in enumerate(deeds, start=1):
        goal = 1 if deed == "restart" else course.runs * number // (len(deeds) + 1)
        until(lambda goal=goal, runner=runner: len(finished(path)) >= goal or runner.poll() is not None, timeout_s=3600)
        assert runner.poll() is None, (path / "runner.log").read_text()[-3000:]
        await asyncio.sleep(chance.random() * 2)  # any moment, not the moment after a line
        course.log.append(f"{deed} at {len(finished(path))}")
        if deed == "kill":
            runner.send_signal(signal.SIGKILL)
            runner.wait()
            runner = spawn(path, "resume")
        elif deed == "disk":
            ballast = fill(path / "disk")
            until(lambda: "The disk is full" in (path / "runner.log").read_text(), timeout_s=120)
            await asyncio.sleep(2)
            ballast.unlink()
        else:
            away["restart"] = await restart(sandbox)
    until(lambda: runner.poll() is not None, timeout_s=3600)
    until(lambda: not marked(str(path)))
    return away


async def restart(sandbox: Sandbox) -> tuple[str, str]:
    """Kill PostgreSQL, and start it after a while; returns from when to when it was away."""
    from datetime import UTC, datetime, timedelta

    began = datetime.now(UTC)
    await sandbox.kill("postgres")
    await asyncio.sleep(3)
    await sandbox.start_service("postgres")
    return began.isoformat(), (datetime.now(UTC) + timedelta(seconds=5)).isoformat()


def wrong(path: Path, away: dict[str, tuple[str, str]]) -> list[str]:
    """The runs that ended otherwise than they must; a real one that PostgreSQL left in the middle may be undecided."""
    found = []
    for line in finished(path):
        kind = line["run"].partition("-")[0]
        began, ended = line["started_at"], line["at"]
        met = any(began <= until_ and since <= ended for since, until_ in away.values())
        allowed = EXPECTED[kind] | ({"inconclusive", "unreachable"} if kind == "real" and met else set())
        if line["verdict"] not in allowed:
            found.append(f"{line['run']}: {line['verdict']} ({line['summary']})")
    return found


def tally(path: Path) -> Counter[str]:
    """How often each run finished."""
    return Counter(line["run"] for line in finished(path))
