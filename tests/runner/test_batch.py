"""A batch: every run once, whatever happens in between."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from helpers.errors import PlanError
from helpers.incident.evidence import audit
from helpers.runner import run_batch
from tests.runner.toys import Toy, marked, until

RUN = (
    "import asyncio, sys; from pathlib import Path; from helpers.runner import run_batch; "
    "sys.exit(asyncio.run(run_batch(Path('plan.yaml'), 2, say=lambda line: print(line, file=sys.stderr))).exit_code)"
)
HANG_ONCE = "import os, time\nif not os.path.exists('go'):\n    open(f'hangs-{os.getpid()}', 'w').close(); time.sleep(300)"


def write_plan(path: Path, *runs: str) -> Path:
    (path / "plan.yaml").write_text("name: night\ndefaults: {profile: empty}\nruns:\n" + "".join(f"  - {run}\n" for run in runs))
    return path / "plan.yaml"


def journal(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]


def the_batch(path: Path) -> Path:
    (found,) = (path / "batches").iterdir()
    return found


async def test_a_batch_runs_every_run_and_sums_up(toy: Toy, tmp_path: Path) -> None:
    """One exit code, the worst; a report link per run; junit.xml tells unknown and broken as errors."""
    toy()
    toy("1 / 0", name="breaks")
    plan = write_plan(
        tmp_path, "{runbook: toy, name: a}", "{runbook: toy, name: b}", "{runbook: breaks, name: '<script>alert(1)</script>'}"
    )
    lines: list[str] = []
    result = await run_batch(plan, 2, say=lines.append)
    suite = ElementTree.parse(result.folder / "junit.xml").getroot()
    page = (result.folder / "index.html").read_text()
    assert (result.exit_code, sorted(o.verdict for o in result.outcomes.values())) == (4, ["broken", "inconclusive", "inconclusive"])
    assert (suite.get("tests"), suite.get("errors"), suite.get("failures")) == ("3", "3", "0")
    assert ("<script>" in page, page.count('<a href="../../incidents/') > 0, len(lines)) == (False, True, 6)
    assert Counter(line["event"] for line in journal(result.folder)) == {"planned": 1, "started": 3, "finished": 3, "closed": 1}


async def test_a_wrong_plan_starts_nothing(toy: Toy, tmp_path: Path) -> None:
    """No batch folder, no incident."""
    toy()
    with pytest.raises(PlanError):
        await run_batch(write_plan(tmp_path, "{runbook: toy}", "{runbook: nope}"))
    assert not (tmp_path / "batches").exists()


def test_resume_after_kill_9_loses_and_repeats_nothing(toy: Toy, tmp_path: Path) -> None:
    """What finished stays; what only started is closed and run again; what waited is run."""
    toy()
    toy(HANG_ONCE, name="hangs")
    plan = write_plan(
        tmp_path, "{runbook: toy, name: a}", *[f"{{runbook: hangs, name: {name}}}" for name in "bc"], "{runbook: toy, name: d}"
    )
    killed = subprocess.Popen([sys.executable, "-c", RUN], env={**os.environ, "TOY_MARK": str(tmp_path)})
    until(lambda: len(list(tmp_path.glob("hangs-*"))) == 2, timeout_s=60)
    killed.kill()
    killed.wait()
    until(lambda: not marked(str(tmp_path)))
    (tmp_path / "go").touch()
    result = asyncio.run(run_batch(plan, 2, resume=True))
    finished = Counter(line["run"] for line in journal(result.folder) if line["event"] == "finished")
    recovered = [line["run"] for line in journal(result.folder) if line["event"] == "recovered"]
    audits = [audit(folder) for folder in (tmp_path / "incidents").iterdir()]
    assert (result.folder, finished, sorted(recovered), audits) == (
        the_batch(tmp_path),
        {"a": 1, "b": 1, "c": 1, "d": 1},
        ["b", "c"],
        [[]] * 6,
    )


def test_ctrl_c_stops_in_order_and_resume_continues(toy: Toy, tmp_path: Path) -> None:
    """Running runs are interrupted and closed, the journal says so, no process is left; --resume finishes the rest."""
    toy()
    toy(HANG_ONCE, name="hangs")
    plan = write_plan(tmp_path, "{runbook: hangs, name: a}", "{runbook: hangs, name: b}", "{runbook: toy, name: c}")
    stopped = subprocess.Popen([sys.executable, "-c", RUN], env={**os.environ, "TOY_MARK": str(tmp_path)})
    until(lambda: len(list(tmp_path.glob("hangs-*"))) == 2, timeout_s=60)
    stopped.send_signal(signal.SIGINT)
    code = stopped.wait(timeout=60)
    events = [line["event"] for line in journal(the_batch(tmp_path))]
    assert (code, marked(str(tmp_path)), events[-3:]) == (4, [], ["stopped", "stopped", "interrupted"])
    (tmp_path / "go").touch()
    result = asyncio.run(run_batch(plan, 2, resume=True))
    assert sorted(result.outcomes) == ["a", "b", "c"]


async def test_resume_of_a_finished_batch_runs_nothing(toy: Toy, tmp_path: Path) -> None:
    """The same outcomes and exit code come back."""
    toy()
    plan = write_plan(tmp_path, "{runbook: toy, name: a}")
    first = await run_batch(plan)
    again = await run_batch(plan, resume=True)
    assert (again.outcomes, again.exit_code, len(list((tmp_path / "incidents").iterdir()))) == (first.outcomes, 3, 1)


async def test_a_run_that_ended_just_before_the_kill_is_taken_over(toy: Toy, tmp_path: Path) -> None:
    """Its document is whole: it is journalled as finished, not run again."""
    toy()
    plan = write_plan(tmp_path, "{runbook: toy, name: a}")
    first = await run_batch(plan)
    path = first.folder / "journal.jsonl"
    kept = [line for line in path.read_text().splitlines() if json.loads(line)["event"] in ("planned", "started")]
    path.write_text("\n".join(kept) + '\n{"at": "torn')
    again = await run_batch(plan, resume=True)
    assert (again.outcomes["a"].verdict, len(list((tmp_path / "incidents").iterdir()))) == ("inconclusive", 1)


async def test_a_changed_plan_is_not_resumed(toy: Toy, tmp_path: Path) -> None:
    """The error says what to do."""
    toy()
    await run_batch(write_plan(tmp_path, "{runbook: toy, name: a}"))
    with pytest.raises(PlanError, match="without --resume"):
        await run_batch(write_plan(tmp_path, "{runbook: toy, name: a, parameters: {n: 9}}"), resume=True)


async def test_there_must_be_something_to_resume(toy: Toy, tmp_path: Path) -> None:
    """A first run with --resume is a mistake, and is told."""
    toy()
    with pytest.raises(PlanError, match="to resume"):
        await run_batch(write_plan(tmp_path, "{runbook: toy}"), resume=True)
