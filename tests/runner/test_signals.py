"""Whatever ends the runner, nothing of it stays behind, and what can be closed is closed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.errors import RunBroken
from helpers.incident.evidence import read_evidence
from helpers.runner import execute
from helpers.runner.events import Event
from tests.runner.toys import Toy, marked, statuses, until

pytestmark = pytest.mark.usefixtures("kernels")

RUN = "import asyncio, sys; from helpers.runner import execute; sys.exit(asyncio.run(execute('toy')).exit_code)"
RUNS = {"stock": RUN, "forked": "from helpers.runner import zygote; zygote.start(); " + RUN}
CHILD = "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'], start_new_session=True)"
BUSY = CHILD + "\nprint('busy', flush=True); open('busy', 'w').close()\nimport time; time.sleep(300)"
APPLIED = """
fix = {"name": "create_index", "needs": "postgres", "arguments": {"table": "t", "columns": ["c"]}, "reversible": True,
       "preview": ["CREATE INDEX"], "undo": ["DROP INDEX"], "effects": []}
_ = incident.record("fix_previewed", fix, step="fix")
_ = incident.record("fix_intent", {"inverse": {"name": "i"}}, step="fix", durable=True)
_ = incident.record("fix_applied", {"read_back": "it is there", "ms": 1}, step="fix")
"""


@pytest.fixture
def runner(toy: Toy, tmp_path: Path, kernels: str) -> Iterator[subprocess.Popen[bytes]]:
    """A runner's process, its kernel busy in a cell after a fix was applied, with a child in a session of its own."""
    toy(APPLIED, BUSY)
    environment = {**os.environ, "TOY_MARK": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "-c", RUNS[kernels]], env=environment, start_new_session=True)
    until(lambda: (tmp_path / "busy").exists(), timeout_s=60)
    yield process
    process.kill()
    process.wait()


def wardens_of(path: Path) -> list[int]:
    return [pid for pid in marked(str(path)) if Path(f"/proc/{pid}/comm").read_text().strip() == "runbook-warden"]


def folder_in(path: Path) -> Path:
    (found,) = (path / "incidents").iterdir()
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_run_in_order(runner: subprocess.Popen[bytes], tmp_path: Path, number: signal.Signals) -> None:
    """Exit 4; no process is left; the evidence is closed, and the undo of the applied, unproven fix was attempted."""
    runner.send_signal(number)
    code = runner.wait(timeout=60)
    folder = folder_in(tmp_path)
    kinds = [record.kind for record in read_evidence(folder)][-3:]
    assert (code, marked(str(tmp_path)), kinds, statuses(folder)) == (
        4,
        [],
        ["broken", "undo_failed", "closed"],
        ["completed", "completed", "failed", "pending"],
    )


def test_ctrl_c_is_said_in_the_document(runner: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """The document names what stopped the run."""
    runner.send_signal(signal.SIGINT)
    runner.wait(timeout=60)
    assert "interrupted: Ctrl-C" in json.loads((folder_in(tmp_path) / "incident.json").read_text())["broken"]


def test_kill_9_of_the_runner_leaves_no_process_and_no_sockets(runner: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """The warden sees the runner go and ends the kernel, its children and its folder."""
    (sockets,) = Path(tempfile.gettempdir()).glob(f"runbook-kernel-{runner.pid}-*")
    assert wardens_of(tmp_path)
    runner.kill()
    until(lambda: not marked(str(tmp_path)) and not sockets.exists())


def test_kill_9_of_the_warden_ends_the_kernel(runner: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """Without its warden a kernel dies at once, and the run says so."""
    (warden,) = wardens_of(tmp_path)
    os.kill(warden, signal.SIGKILL)
    assert runner.wait(timeout=60) == 4


def test_the_kernel_listens_on_no_tcp_port(toy: Toy) -> None:
    """Its sockets are files in a folder only its owner may enter, removed after."""
    look = (
        "import json, os, psutil, sys\nfolder = os.path.dirname(sys.argv[2])\n"
        "tcp = [c for c in psutil.Process().net_connections('tcp') if c.status == 'LISTEN']\n"
        "open('seen.json', 'w').write(json.dumps([len(tcp), oct(os.stat(folder).st_mode & 0o777), folder]))"
    )
    toy(look)
    asyncio.run(execute("toy"))
    tcp, mode, folder = json.loads(Path("seen.json").read_text())
    assert (tcp, mode, Path(folder).exists()) == (0, "0o700", False)


async def test_ten_runs_leak_no_descriptor_and_no_thread(toy: Toy) -> None:
    """The parent is after ten runs as it was after one."""
    import psutil

    toy("1", parameters="apply = False\nprofile = 'empty'")
    await execute("toy")
    me = psutil.Process()
    before = (me.num_fds(), me.num_threads(), len(me.children()))
    for _ in range(10):
        await execute("toy")
    grown = [now - then for now, then in zip((me.num_fds(), me.num_threads(), len(me.children())), before, strict=True)]
    assert max(grown) < 5, grown  # a leak would be ten; the loop's own pool of threads may grow by one or two


async def test_cancelling_the_coroutine_closes_the_incident(toy: Toy, tmp_path: Path) -> None:
    """A caller that cancels gets its cancellation, after the evidence is closed."""
    toy(BUSY)
    task = asyncio.create_task(execute("toy"))
    await asyncio.to_thread(until, (tmp_path / "busy").exists)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [record.kind for record in read_evidence(folder_in(tmp_path))][-1] == "closed"


async def test_a_second_signal_leaves_a_recovery_that_hangs(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever presses Ctrl-C twice gets out, and is told how to finish."""

    async def hang(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(60)

    def press(event: Event) -> None:
        if event.kind == "cell":
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("helpers.incident.recovery.recover", hang)
    toy("import time; time.sleep(60)", bare=True)
    with pytest.raises(RunBroken, match="runbook undo"):
        await execute("toy", on_event=press)
