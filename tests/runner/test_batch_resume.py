"""What a resumed batch refuses, and what is tried again: every attempt is in the journal, and every run finishes once."""

import asyncio
import errno
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from helpers.errors import PlanError
from helpers.runner import run_batch
from helpers.runner.batches.disk import is_full
from helpers.runner.executor import Outcome, Started
from helpers.runner.journal import Journal, read_journal
from helpers.runner.plan import Job
from tests.runner.toys import Toy


class FakeExecutor:
    """Ends each run as told, in turn; the last one stays."""

    def __init__(self, incidents: Path, **verdicts: list[str]) -> None:
        self.incidents, self.verdicts, self.ran = incidents, verdicts, Counter[str]()
        self.recovered: list[str] = []

    async def run(self, job: Job, started: Started) -> Outcome:
        self.ran[job.name] += 1
        folder = self.incidents / f"{job.name}-{self.ran[job.name]}"
        started(str(folder))
        await asyncio.sleep(0)
        told = self.verdicts.get(job.name, ["healthy"])
        verdict = told[min(self.ran[job.name], len(told)) - 1]
        code = {"healthy": 0, "unreachable": 3}.get(verdict, 4)
        return Outcome(verdict, code, os.strerror(errno.ENOSPC) if verdict == "broken" else "", str(folder))

    async def recover(self, folder: str, reason: str) -> Outcome | None:
        self.recovered.append(Path(folder).name)

    def stop(self, reason: str) -> None:
        pass


def plan(path: Path, more: str = "", names: str = "abc") -> Path:
    runs = "".join(f"  - {{runbook: toy, name: {name}}}\n" for name in names)
    (path / "plan.yaml").write_text(f"name: night\ndefaults: {{profile: empty}}\nruns:\n{runs}{more}")
    return path / "plan.yaml"


def journal(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]


def told(folder: Path, event: str, *keys: str) -> list[Any]:
    return [tuple(line[key] for key in keys) for line in journal(folder) if line["event"] == event]


async def test_only_unreachable_is_tried_again(toy: Toy, tmp_path: Path) -> None:
    """As often as the plan says, with a wait that doubles; a run that stays unreachable ends so."""
    toy()
    fake = FakeExecutor(tmp_path, a=["unreachable", "unreachable", "healthy"], b=["inconclusive"], c=["unreachable"])
    result = await run_batch(plan(tmp_path, "retries: {unreachable: 2, wait_s: 0.01}"), executor=fake)
    assert {name: o.verdict for name, o in result.outcomes.items()} == {"a": "healthy", "b": "inconclusive", "c": "unreachable"}
    assert (fake.ran, sorted(told(result.folder, "attempted", "run", "why", "number", "verdict"))) == (
        {"a": 3, "b": 1, "c": 3},
        [(run, "unreachable", number, "unreachable") for run in "ac" for number in (1, 2)],
    )
    assert sorted(told(result.folder, "finished", "run", "attempts")) == [("a", 3), ("b", 1), ("c", 3)]


async def test_without_a_word_in_the_plan_nothing_is_tried_again(toy: Toy, tmp_path: Path) -> None:
    """The default is once."""
    toy()
    fake = FakeExecutor(tmp_path, a=["unreachable"])
    await run_batch(plan(tmp_path), executor=fake)
    assert fake.ran == {"a": 1, "b": 1, "c": 1}


async def test_what_a_lost_worker_left_is_closed_and_run_again(toy: Toy, tmp_path: Path) -> None:
    """Three times; a run that loses its worker every time is not run for ever."""
    toy()
    fake = FakeExecutor(tmp_path, a=["lost", "healthy"], b=["lost"])
    result = await run_batch(plan(tmp_path), executor=fake)
    assert {name: o.verdict for name, o in result.outcomes.items()} == {"a": "healthy", "b": "lost", "c": "healthy"}
    assert (fake.ran["b"], sorted(fake.recovered)) == (4, ["a-1", "b-1", "b-2", "b-3", "b-4"])


async def test_what_a_full_disk_broke_is_run_again(toy: Toy, tmp_path: Path) -> None:
    """Its evidence could not be written: that says nothing about the system."""
    toy()
    fake = FakeExecutor(tmp_path, a=["broken", "healthy"])
    result = await run_batch(plan(tmp_path), executor=fake)
    assert (result.outcomes["a"].verdict, told(result.folder, "attempted", "run", "why")) == ("healthy", [("a", "disk full")])


async def test_a_full_disk_pauses_the_batch(toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal waits for room, whole, and goes on."""
    toy()
    monkeypatch.setattr("helpers.runner.batches.disk.POLL_S", 0.01)
    refusals, write = iter([True, True]), os.write

    def full(file: int, data: bytes) -> int:
        if b'"event": "finished"' in data and next(refusals, False):
            write(file, data[:9])
            _raise()
        return write(file, data)

    monkeypatch.setattr("helpers.runner.journal.os.write", full)
    result = await run_batch(plan(tmp_path), executor=FakeExecutor(tmp_path))
    assert sorted(told(result.folder, "finished", "run")) == [("a",), ("b",), ("c",)]


def _raise() -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_line_that_did_not_fit_leaves_the_journal_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written of it is taken back; the next line stands by itself."""
    held = Journal(tmp_path)
    held.append("said", run="a")
    write, calls = os.write, iter([True, False])
    monkeypatch.setattr("helpers.runner.journal.os.write", lambda file, data: write(file, data[:9]) if next(calls) else _raise())
    with pytest.raises(OSError, match="No space") as caught:
        held.append("said", run="b")
    monkeypatch.undo()
    held.append("said", run="c")
    held.close()
    assert (is_full(caught.value), told(tmp_path, "said", "run")) == (True, [("a",), ("c",)])


async def test_what_changed_is_named(toy: Toy, tmp_path: Path) -> None:
    """Runs and runbooks; nothing is run."""
    path, fake = toy(), FakeExecutor(tmp_path)
    folder = (await run_batch(plan(tmp_path), executor=fake)).folder
    before = (folder / "journal.jsonl").read_bytes()
    for names, said in {"abd": ["run d was added", "run c was taken out"], "acb": ["order of the runs"]}.items():
        with pytest.raises(PlanError) as caught:
            await run_batch(plan(tmp_path, names=names), executor=fake, resume=True)
        assert [[s for s in caught.value.problems if word in s] == [] for word in said] == [False] * len(said)
    path.write_text(path.read_text().replace("incident.document()", "incident.document()  # changed"))
    with pytest.raises(PlanError, match="The runbook toy changed since the batch"):
        await run_batch(plan(tmp_path), executor=fake, resume=True)
    assert (fake.ran.total(), (folder / "journal.jsonl").read_bytes()) == (3, before)


async def test_a_notebook_that_was_only_opened_and_saved_is_the_same(toy: Toy, tmp_path: Path) -> None:
    """Outputs and metadata are not what is run."""
    path, fake = toy(), FakeExecutor(tmp_path)
    await run_batch(plan(tmp_path), executor=fake)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"metadata": {"opened": True}}))
    assert (await run_batch(plan(tmp_path), executor=fake, resume=True)).exit_code == 0


async def test_a_changed_row_is_noticed(toy: Toy, tmp_path: Path) -> None:
    """Of a file that the plan only names."""
    toy()
    (tmp_path / "plan.yaml").write_text("name: night\nmatrix: {runbook: [toy], profile: [empty], rows: {csv: t.csv}}")
    (tmp_path / "t.csv").write_text("n,apply\n1,false\n2,false\n")
    await run_batch(tmp_path / "plan.yaml", executor=FakeExecutor(tmp_path))
    (tmp_path / "t.csv").write_text("n,apply\n1,false\n3,false\n")
    with pytest.raises(PlanError, match="The run toy-empty-3 was added"):
        await run_batch(tmp_path / "plan.yaml", executor=FakeExecutor(tmp_path), resume=True)


async def test_two_cannot_resume_one_batch_at_once(toy: Toy, tmp_path: Path) -> None:
    """The second is refused; a killed one holds nothing."""
    toy()
    folder = (await run_batch(plan(tmp_path), executor=FakeExecutor(tmp_path))).folder
    held = "import sys, time; from pathlib import Path; from helpers.runner.journal import Journal; j = Journal(Path(sys.argv[1])); print(1, flush=True); time.sleep(99)"
    other = subprocess.Popen([sys.executable, "-c", held, str(folder)], stdout=subprocess.PIPE)
    assert other.stdout is not None
    other.stdout.readline()
    with pytest.raises(PlanError, match="is running in another process"):
        await run_batch(plan(tmp_path), executor=FakeExecutor(tmp_path), resume=True)
    other.kill()
    other.communicate()
    assert (await run_batch(plan(tmp_path), executor=FakeExecutor(tmp_path), resume=True)).exit_code == 0


def test_a_journal_with_a_broken_line_in_the_middle_is_refused(tmp_path: Path) -> None:
    """A torn last line never happened; anything else is not guessed at."""
    (tmp_path / "journal.jsonl").write_text('{"event": "finished", "run": "a"}\nnonsense\n{"event": "clo')
    with pytest.raises(PlanError, match=r"journal.jsonl:2: this is no line of a journal"):
        read_journal(tmp_path)


async def test_the_whole_batch_has_a_limit(toy: Toy, tmp_path: Path) -> None:
    """What runs is ended in order, the rest is not started, and --resume goes on."""
    toy()
    toy("import asyncio, os\nif not os.path.exists('go'): await asyncio.sleep(100)", name="hangs")
    (tmp_path / "plan.yaml").write_text(
        "name: n\ndefaults: {profile: empty}\nlimits: {batch_s: 8}\nruns: [{runbook: hangs}, {runbook: toy}]"
    )
    result = await run_batch(tmp_path / "plan.yaml", 1)
    (tmp_path / "go").touch()
    again = await run_batch(tmp_path / "plan.yaml", 1, resume=True, batch_timeout_s=100)
    assert (result.exit_code, result.outcomes, told(result.folder, "stopped", "run"), sorted(again.outcomes)) == (
        4,
        {},
        [("hangs-empty",)],
        ["hangs-empty", "toy-empty"],
    )


async def test_a_weak_password_does_not_confuse_a_resume(toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is masked in names and hashes alike; folders are found again; nothing is run twice."""
    monkeypatch.setattr("helpers.redaction._secrets", {})
    toy()
    (tmp_path / "profiles.toml").write_text(
        '[empty]\npostgres = "postgres://reader:-inc@127.0.0.1:9/x"\nredis = "redis://:toy-@127.0.0.1:9"\n'
    )
    (tmp_path / "plan.yaml").write_text("name: night\nruns: [{runbook: toy, profile: empty}, {runbook: toy, profile: empty, name: b}]")
    fake = FakeExecutor(tmp_path / "empty-incidents")
    first = await run_batch(tmp_path / "plan.yaml", executor=fake)
    again = await run_batch(tmp_path / "plan.yaml", executor=fake, resume=True)
    assert (sorted(again.outcomes), again.outcomes, fake.ran.total()) == (["b", "•••empty"], first.outcomes, 2)
    assert {Path(folder).parent.name for (folder,) in told(first.folder, "started", "folder")} == {"empty-incidents"}


async def test_a_page_that_would_hold_a_password_costs_only_itself(toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password that is a word of the page's own: it is told, the other results are there, and the exit code says so."""
    monkeypatch.setattr("helpers.redaction._secrets", {"viewport": ("viewport",)})
    toy()
    lines: list[str] = []
    result = await run_batch(plan(tmp_path), executor=FakeExecutor(tmp_path), say=lines.append)
    assert (result.exit_code, lines[-1].startswith("[3/3] index.html would hold the secret v…")) == (4, True)
    assert sorted(path.name for path in result.folder.iterdir()) == ["journal.jsonl", "junit.xml", "results.parquet"]


async def test_who_asks_twice_is_out_at_once(toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first Ctrl-C ends in order, the second the process; the journal is whole at any moment."""
    toy()
    left: list[int] = []
    monkeypatch.setattr("helpers.runner.batches.running.os._exit", left.append)

    class Slow(FakeExecutor):
        async def run(self, job: Job, started: Started) -> Outcome:
            for _ in range(2):
                os.kill(os.getpid(), signal.SIGINT)
                await asyncio.sleep(0.1)
            return await super().run(job, started)

    lines: list[str] = []
    result = await run_batch(plan(tmp_path, names="ab"), 1, executor=Slow(tmp_path), say=lines.append)
    assert (left, [line for line in lines if "Ctrl-C" in line], result.exit_code) == (
        [4],
        [
            "[0/2] Ctrl-C: what runs is ended in order; once more to leave at once.",
            "[0/2] Ctrl-C again: left at once. `--resume` closes what was running.",
        ],
        4,
    )
