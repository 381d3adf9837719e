"""What a batch leaves: a page that no hostile name drives, a table, and what changed since the batch before."""

import io
import json
import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from helpers.redaction import add_secret
from helpers.runner.batches.live import BatchProgress
from helpers.runner.batches.page import _asset
from helpers.runner.batches.previous import Change
from helpers.runner.batches.results import Results
from helpers.runner.batches.schema import Job
from helpers.runner.batches.telling import BatchEvent
from helpers.runner.executor import Outcome
from helpers.runner.journal import Journal
from helpers.runner.plan import Plan
from helpers.runner.summary import write_summary
from tests.runner.toys import Toy

HOSTILE = "<img src=x onerror=alert(1)>\x1b[2J\"'&"
HEALTHY = Outcome("healthy", 0, "All well.")
FOUND = Outcome("cause_found", 1, "It scans.", cause="missing_index", subject="orders(customer_id)")


def batch(out: Path, second: int, outcomes: dict[str, Outcome], *, names: str = "") -> Results:
    """A batch as it ends, with its journal."""
    jobs = [Job(n, "missing_index", f"p{i % 2}", {"query": "select 'literal'"}, apply=False) for i, n in enumerate(names or outcomes)]
    plan = Plan("night", jobs)
    folder = out / f"20260101T00000{second}Z-night"
    folder.mkdir()
    journal = Journal(folder)
    for name, outcome in outcomes.items():
        journal.append("finished", run=name, profile="p0", **asdict(outcome))
    journal.close()
    return write_summary(folder.resolve(), plan, outcomes, dict.fromkeys(outcomes, 1), [])


def page(results: Results) -> str:
    return (results.folder / "index.html").read_text()


def test_the_first_of_its_name_has_nothing_to_compare(tmp_path: Path) -> None:
    """Not everything is new then."""
    results = batch(tmp_path, 1, {"a": HEALTHY})
    assert (results.changes, "Since the batch before" in page(results)) == ([], False)


def test_what_changed_since_the_batch_before(tmp_path: Path) -> None:
    """New, gone, another verdict, another subject; a run that has not finished yet is no difference."""
    other = Outcome("cause_found", 1, "", cause="missing_index", subject="items(order_id)")
    batch(tmp_path, 1, {"a": HEALTHY, "b": HEALTHY, "c": FOUND, "d": HEALTHY, "e": HEALTHY})
    results = batch(tmp_path, 2, {"a": HEALTHY, "b": FOUND, "c": other, "f": HEALTHY}, names="abcef")
    assert results.changes == [
        Change("b", "changed", "healthy", "cause_found (orders(customer_id))"),
        Change("c", "changed", "cause_found (orders(customer_id))", "cause_found (items(order_id))"),
        Change("f", "new", "", "healthy"),
        Change("d", "gone", "healthy"),
    ]
    assert ("Since the batch before" in page(results), "Nothing changed" in page(batch(tmp_path, 3, {"a": HEALTHY}))) == (True, False)


def test_an_unreadable_batch_before_is_passed_over(tmp_path: Path) -> None:
    """The one before it is compared with."""
    batch(tmp_path, 1, {"a": FOUND})
    (batch(tmp_path, 2, {"a": FOUND}).folder / "journal.jsonl").write_text("nonsense\n")
    assert [change.kind for change in batch(tmp_path, 3, {"a": HEALTHY}).changes] == ["changed"]


def test_no_name_and_no_summary_can_run(tmp_path: Path) -> None:
    """Everything is text, only the page's own script may run, and there is nothing from the network."""
    add_secret("hunter2canary")
    hostile = Outcome("cause_found", 1, f"{HOSTILE} hunter2canary", subject=HOSTILE)
    results = batch(tmp_path, 1, {HOSTILE: hostile, "b": HEALTHY})
    shown = page(results)
    tags = set(re.findall(r"<(img|iframe|object|link|form)", shown))
    assert (tags, "\x1b" in shown, "hunter2canary" in shown, "select 'literal'" in shown, "://" in shown) == (
        set(),
        False,
        False,
        False,
        False,
    )
    allowed = re.search(r"script-src 'sha256-([^']+)'", shown)
    assert allowed is not None
    assert (shown.count("<script"), _sha256(f"\n{_asset('page.js')}\n")) == (1, allowed[1])


def _sha256(text: str) -> str:
    import base64
    import hashlib

    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_the_table_has_a_row_per_run(tmp_path: Path) -> None:
    """Its types stand, nothing is null, statements are masked."""
    batch(tmp_path, 1, {"a": HEALTHY})
    table = parquet.read_table(batch(tmp_path, 2, {"a": FOUND}, names="ab").folder / "results.parquet")
    rows = table.to_pylist()
    shown = [{k: row[k] for k in ("run", "verdict", "exit_code", "subject", "change", "before", "attempts")} for row in rows]
    assert shown == [
        {
            "run": "a",
            "verdict": "cause_found",
            "exit_code": 1,
            "subject": "orders(customer_id)",
            "change": "changed",
            "before": "healthy",
            "attempts": 1,
        },
        {"run": "b", "verdict": "not_run", "exit_code": 4, "subject": "", "change": "", "before": "", "attempts": 0},
    ]
    assert [json.loads(row["parameters"]) for row in rows] == [{"query": "select '•••'"}] * 2


def events() -> list[BatchEvent]:
    job = Job("a\x1b[2J[bold]", "toy", None, {}, apply=False)
    return [
        BatchEvent("begun", "night: 4 runs, 2 at once.", 1, 4),
        BatchEvent("started", f"{job.name}: started", 1, 4, job),
        BatchEvent("finished", f"{job.name}: cause_found in 2.0 s", 2, 4, job, FOUND),
        BatchEvent("started", "b: started", 2, 4, Job("b", "toy", None, {}, apply=False)),
        BatchEvent("said", "The disk is full: password=hunter2", 2, 4),
    ]


def test_plain_lines_without_a_terminal() -> None:
    """One per event, escape sequences shown, secrets not."""
    stream = io.StringIO()
    with BatchProgress(stream) as progress:
        for event in events():
            progress(event)
    assert [line[11:] for line in stream.getvalue().splitlines()] == [
        "[1/4] night: 4 runs, 2 at once.",
        "[1/4] a\\x1b[2J[bold]: started",
        "[2/4] a\\x1b[2J[bold]: cause_found in 2.0 s",
        "[2/4] b: started",
        "[2/4] The disk is full: password=•••",
    ]


def test_the_block_on_a_terminal() -> None:
    """Done, running, waiting, verdicts, what is left."""
    from rich.console import Console

    progress = BatchProgress(io.StringIO())
    for event in events():
        progress(event)
    drawn = io.StringIO()
    Console(file=drawn, width=120).print(progress)
    text = drawn.getvalue()
    assert [w for w in ("2 done, 1 running, 1 waiting", "about ", "1 cause_found", "● a", "▸ b", "disk is full") if w not in text] == []


@pytest.fixture
def command(toy: Toy, tmp_path: Path) -> Any:
    """Run `runbook batch` on a plan of two runs."""
    toy()
    toy("1 / 0", name="breaks")
    (tmp_path / "plan.yaml").write_text("name: night\ndefaults: {profile: empty}\nruns: [{runbook: toy}, {runbook: breaks}]\n")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-c", "from helpers.cli import main; main()", "batch", "plan.yaml", *arguments]
        return subprocess.run(line, capture_output=True, text=True, timeout=150, cwd=tmp_path)

    return run


def test_json_lines_and_nothing_else_on_stdout(command: Any) -> None:
    """Each run as it ends, then the batch; people's text is on stderr."""
    done = command("--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, [line["event"] for line in lines], {line.get("run"): line.get("verdict") for line in lines[:2]}) == (
        4,
        ["finished", "finished", "closed"],
        {"toy-empty": "inconclusive", "breaks-empty": "broken"},
    )
    assert (lines[2]["exit_code"], lines[2]["verdicts"], "toy-empty: started" in done.stderr) == (4, {"broken": 1, "inconclusive": 1}, True)


def test_check_lists_the_runs_and_starts_nothing(command: Any, tmp_path: Path) -> None:
    """A table for people, lines for programs."""
    shown, told = command("--check"), command("--check", "--json")
    assert (shown.returncode, shown.stdout, "breaks-empty" in shown.stderr) == (0, "", True)
    assert [json.loads(line)["name"] for line in told.stdout.splitlines()] == ["toy-empty", "breaks-empty"]
    assert [path.name for path in tmp_path.iterdir() if path.name in ("batches", "incidents")] == []
