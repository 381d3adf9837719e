"""A batch on a cluster: real worker processes, one of them killed; secrets resolved there; artefacts by fsspec."""

import asyncio
import json
import os
import pickle
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from helpers.errors import PlanError, UsageError
from helpers.incident.evidence import audit
from helpers.runner import run_batch
from helpers.runner.batches.remote import run_job
from helpers.runner.batches.store import Store, store_at
from tests.runner.toys import Toy, until

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")

pytestmark = pytest.mark.timeout(400)  # real clusters, on a busy machine

CANARY = "canary-7f3a9c"
HANG_ONCE = "import os, time\nif not os.path.exists('go'):\n    open(f'hangs-{os.getpid()}', 'w').close(); time.sleep(300)"


def write_plan(path: Path, *runs: str, profile: str = "empty") -> Path:
    (path / "plan.yaml").write_text(f"name: far\ndefaults: {{profile: {profile}}}\nruns:\n" + "".join(f"  - {run}\n" for run in runs))
    return path / "plan.yaml"


def journal(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]


def started(path: Path, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    log = (path / f"{arguments[0].rpartition('_')[2]}-{len(list(path.glob('*.log')))}.log").open("wb")
    command = [sys.executable, "-m", f"distributed.cli.{arguments[0]}", *arguments[1:]]
    with log:
        return subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=log, cwd=path)


@pytest.fixture
def cluster(toy: Toy, tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and two workers, each a process of its own; only they know the secret."""
    toy()
    (tmp_path / "profiles.toml").write_text('[empty]\n[far]\npostgres = "env:FAR_DSN"\n')
    scheduler = started(tmp_path, "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show")
    found = until(lambda: re.search(rb"Scheduler at:\s+(tcp://\S+)", (tmp_path / "scheduler-0.log").read_bytes()), timeout_s=60)
    address = found[1].decode()
    options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
    secret = f"postgres://reader:{CANARY}@127.0.0.1:9/x"
    workers = [started(tmp_path, "dask_worker", address, *options, FAR_DSN=secret) for _ in range(2)]
    yield address, workers
    for process in (*workers, scheduler):
        process.kill()
        process.wait()


async def appeared(path: Path) -> int:
    """Return the process that hangs, as soon as there is one."""
    while not (found := list(path.glob("hangs-*"))):
        await asyncio.sleep(0.1)
    return int(found[0].name.partition("-")[2])


async def test_a_worker_killed_in_the_middle_costs_nothing(cluster: Any, toy: Toy, tmp_path: Path) -> None:
    """Its run is closed and run again on the other; every run is in the journal once, with the right verdict."""
    address, workers = cluster
    toy(HANG_ONCE, name="hangs")
    toy("1 / 0", name="breaks")
    plan = write_plan(tmp_path, "{runbook: hangs}", *[f"{{runbook: toy, name: t{n}}}" for n in range(3)], "{runbook: breaks}")
    running = asyncio.create_task(run_batch(plan, 2, scheduler=address))
    async with asyncio.timeout(120):
        kernel = await appeared(tmp_path)
    (worker,) = {parent.pid for parent in psutil.Process(kernel).parents()} & {w.pid for w in workers}
    os.kill(worker, signal.SIGKILL)
    (tmp_path / "go").touch()
    result = await running
    lines = journal(result.folder)
    finished = {line["run"]: line["verdict"] for line in lines if line["event"] == "finished"}
    assert finished == {
        "hangs-empty": "inconclusive",
        "t0": "inconclusive",
        "t1": "inconclusive",
        "t2": "inconclusive",
        "breaks-empty": "broken",
    }
    assert Counter(line["run"] for line in lines if line["event"] == "finished").most_common(1)[0][1] == 1
    assert [(line["run"], line.get("why")) for line in lines if line["event"] in ("recovered", "attempted")] == [
        ("hangs-empty", None),
        ("hangs-empty", "worker lost"),
    ]
    incidents = list((result.folder / "incidents").iterdir())
    assert (len(incidents), [audit(folder) for folder in incidents], [w.poll() for w in workers].count(None)) == (6, [[]] * 6, 1)


async def test_secrets_are_resolved_on_the_workers(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are not known here, nothing that is shipped holds them, and no artefact does; they were there, for the run says who did not answer."""
    import distributed

    address, _ = cluster
    shipped: list[bytes] = []
    submit = distributed.Client.submit
    monkeypatch.setattr(
        distributed.Client, "submit", lambda self, *a, **k: (shipped.append(pickle.dumps((a, k))), submit(self, *a, **k))[1]
    )
    result = await run_batch(
        write_plan(tmp_path, "{runbook: toy}", profile="far"), 1, scheduler=address, out=(tmp_path / "shared").as_uri()
    )
    evidence = "".join(path.read_text() for path in result.folder.rglob("evidence.jsonl"))
    holding = [path for path in (tmp_path / "shared").rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]
    assert (result.outcomes["toy-far"].exit_code, "PostgreSQL cannot be reached" in evidence) == (3, True)
    assert (len(shipped), [data for data in shipped if CANARY.encode() in data or b"9/x" in data], holding) == (1, [], [])


async def test_a_stopped_batch_ends_what_runs_on_the_workers(cluster: Any, toy: Toy, tmp_path: Path) -> None:
    """In order, by a word in the shared folder; what no worker had taken is taken back; --resume finishes everything once."""
    address, _ = cluster
    toy(HANG_ONCE, name="hangs")
    plan = write_plan(tmp_path, *[f"{{runbook: hangs, name: h{n}}}" for n in range(3)])
    running = asyncio.create_task(run_batch(plan, 3, scheduler=address))
    async with asyncio.timeout(120):
        await appeared(tmp_path)
    os.kill(os.getpid(), signal.SIGTERM)
    stopped = await running
    (tmp_path / "go").touch()
    result = await run_batch(plan, 3, scheduler=address, resume=True)
    events = Counter((line["event"], line["run"]) for line in journal(result.folder) if "run" in line)
    assert (stopped.exit_code, stopped.outcomes, sorted(result.outcomes)) == (4, {}, ["h0", "h1", "h2"])
    assert [events["stopped", run] for run in result.outcomes] == [1, 1, 1]


async def test_a_batch_killed_while_its_workers_go_on(cluster: Any, toy: Toy, tmp_path: Path) -> None:
    """What still runs for nobody is ended in order and closed by --resume; every run finishes once."""
    address, _ = cluster
    toy(HANG_ONCE, name="hangs")
    plan = write_plan(tmp_path, "{runbook: hangs}", "{runbook: toy}")
    call = "import asyncio; from pathlib import Path; from helpers.runner import run_batch; asyncio.run(run_batch(Path('plan.yaml'), 2, scheduler={!r}))"
    killed = subprocess.Popen([sys.executable, "-c", call.format(address)], cwd=tmp_path)
    async with asyncio.timeout(120):
        kernel = await appeared(tmp_path)
    killed.kill()
    killed.wait()
    (tmp_path / "go").touch()
    result = await run_batch(plan, 2, scheduler=address, resume=True)
    events = Counter((line["event"], line["run"]) for line in journal(result.folder) if "run" in line)
    assert ({name: o.verdict for name, o in result.outcomes.items()}, psutil.pid_exists(kernel)) == (
        {"hangs-empty": "inconclusive", "toy-empty": "inconclusive"},
        False,
    )
    assert [events["finished", run] for run in result.outcomes] + [events["recovered", "hangs-empty"]] == [1, 1, 1]


async def test_artefacts_go_to_an_object_store(toy: Toy, tmp_path: Path) -> None:
    """Reports, page and table are there, the links from the page lead to them, and nothing is left on the worker."""
    from distributed import LocalCluster

    toy()
    plan = write_plan(tmp_path, "{runbook: toy, name: a}", "{runbook: toy, name: b}")
    async with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, asynchronous=True, dashboard_address=None) as here:
        result = await run_batch(plan, 2, scheduler=here.scheduler_address, out="memory://bucket/far")
    store = Store(f"memory://bucket/far/{result.folder.name}")
    page = (store.get("index.html") or b"").decode()
    links = re.findall(r'<a href="(incidents/[^"]+)">', page)
    assert (result.page, sorted(result.outcomes)) == (store.at("index.html"), ["a", "b"])
    assert [store.exists(link) for link in set(links)] == [True, True]
    assert (store.exists("results.parquet"), store.exists("junit.xml"), (result.folder / "incidents").exists()) == (True, True, False)


async def test_a_batch_of_this_machine_is_copied_to_a_store_too(toy: Toy, tmp_path: Path) -> None:
    """Incidents included; links stay right."""
    toy()
    result = await run_batch(write_plan(tmp_path, "{runbook: toy}"), out="memory://bucket/near")
    store = Store(f"memory://bucket/near/{result.folder.name}")
    (link,) = set(re.findall(r'<a href="(incidents/[^"]+)">', (store.get("index.html") or b"").decode()))
    assert store.exists(link)


async def test_a_fix_is_not_applied_where_its_undo_could_be_lost(toy: Toy, tmp_path: Path) -> None:
    """On a cluster without a shared folder; nothing is started."""
    toy()
    with pytest.raises(PlanError, match="its undo would be lost with its worker"):
        await run_batch(write_plan(tmp_path, "{runbook: toy, apply: true}"), scheduler="tcp://127.0.0.1:1", out="memory://bucket/x")


async def test_without_a_scheduler_nothing_is_started(toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no empty batch is left."""
    toy()
    monkeypatch.setattr("helpers.runner.batches.cluster.CONNECT_S", 1)
    with pytest.raises(UsageError, match=r"No scheduler answers at tcp://127.0.0.1:1"):
        await run_batch(write_plan(tmp_path, "{runbook: toy}"), scheduler="tcp://127.0.0.1:1")
    assert list((tmp_path / "batches").iterdir()) == []


def order(tmp_path: Path, **more: Any) -> dict[str, Any]:
    job = {"name": "a", "runbook": "toy", "profile": "empty", "parameters": {}, "apply": False, "confirm": ""}
    store = (tmp_path / "there").as_uri()
    return {"job": job, "store": store, "incident": "i-1", "stop": "stop-1", "limits": [60, 60], "runbook": "", **more}


def test_a_worker_refuses_what_is_not_as_planned(toy: Toy, tmp_path: Path) -> None:
    """Another version of the runbook; a folder that it does not see."""
    toy()
    unseen = run_job(order(tmp_path))
    (tmp_path / "there").mkdir()
    other = run_job(order(tmp_path))
    assert [(o["verdict"], word in o["summary"]) for o, word in ((unseen, "does not see the folder"), (other, "is not the one"))] == [
        ("refused", True)
    ] * 2


def test_an_order_that_comes_twice_runs_once(toy: Toy, tmp_path: Path) -> None:
    """A scheduler hands the order of a dead worker on; the second to come leaves it alone."""
    toy()
    (tmp_path / "there").mkdir()
    first, second = run_job(order(tmp_path)), run_job(order(tmp_path))
    assert (first["verdict"], second["verdict"]) == ("refused", "lost")


def test_an_address_with_credentials_is_refused() -> None:
    """It would be shipped and kept; a path is no store; an unknown kind is told."""
    with pytest.raises(UsageError, match="holds credentials"):
        Store("s3://key:secret@bucket/x")
    with pytest.raises(UsageError, match="no address that can be written to"):
        Store("nonsense://x").exists("a")
    assert (store_at(Path("batches")), store_at("memory://x").url) == (None, "memory://x")
