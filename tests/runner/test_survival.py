"""A batch loses nothing and repeats nothing, whatever happens to it. `make test-batch` does it with 500 runs and five kills."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.incident.evidence import audit
from tests.runner.survival import Course, lines, small_disk, survive, tally, write_plan, wrong
from tests.runner.toys import Toy


@pytest.fixture
def hung_api() -> Iterator[str]:
    """A server that accepts and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(512)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


async def outcome(course: Course, toy: Toy, path: Path, start: Any, hung_api: str) -> dict[str, Any]:
    """Run the course and say how it ended."""
    async with start(services=("postgres",)) as sandbox:
        with small_disk(path / "disk", 100 + course.runs) as mounted:
            course.disk = course.disk and mounted
            write_plan(course, path, toy, sandbox.postgres_dsn, hung_api)
            began = time.monotonic()
            away = await survive(course, path, sandbox)
            print(f"\n{course.runs} runs in {time.monotonic() - began:.0f} s: {', '.join(course.log)}")  # read with -s
            folders = [folder for folder in (path / "disk" / "incidents").iterdir() if (folder / "evidence.jsonl").is_file()]
            counted = tally(path)
            return {
                "finished": len(counted),
                "more than once": [run for run, times in counted.items() if times != 1],
                "wrong": wrong(path, away),
                "evidence broken": [folder.name for folder in folders if audit(folder)],
                "ended": lines(path)[-1]["event"],
                "page": len(list(path.glob("disk/batches/*/index.html"))),
                "disk": course.disk,
                "kinds": {run.partition("-")[0] for run in counted} == set(course.counts()),
            }


GOOD = {"more than once": [], "wrong": [], "evidence broken": [], "ended": "closed", "page": 1, "kinds": True}


@pytest.mark.timeout(900)
async def test_a_small_batch_survives(toy: Toy, tmp_path: Path, fresh_sandbox: Any, hung_api: str) -> None:
    """Killed twice, the disk full for a while, PostgreSQL restarted, an API that hangs, a loop, a crash, 2 GB of output."""
    course = Course(runs=10, kills=2, disk=True)
    ended = await outcome(course, toy, tmp_path, fresh_sandbox, hung_api)
    assert ended == GOOD | {"finished": 10, "disk": course.disk}


@pytest.mark.batch
@pytest.mark.timeout(4 * 3600)
async def test_a_large_batch_survives(toy: Toy, tmp_path: Path, fresh_sandbox: Any, hung_api: str) -> None:
    """The same with five kills; RUNBOOK_BATCH_RUNS says how many runs."""
    course = Course(runs=int(os.environ.get("RUNBOOK_BATCH_RUNS", "500")), kills=5, disk=True)
    ended = await outcome(course, toy, tmp_path, fresh_sandbox, hung_api)
    assert ended == GOOD | {"finished": course.runs, "disk": course.disk}
    if not course.disk:
        pytest.skip("all survived but a full disk: that needs a file system of its own, which only root may mount")
