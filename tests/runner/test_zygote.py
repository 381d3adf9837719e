"""The zygote itself: it outlives nobody, its end harms no run, and what it forks leaves nothing behind."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from helpers.runner import execute, zygote
from helpers.runner.kernel import PREFIX, Kernel
from helpers.runner.zygote.owner import Zygote
from tests.runner.toys import Toy, code_cells, marked, until

OWNER = "import time; from helpers.runner import zygote; zygote.start(); print(zygote.current().pid, flush=True); time.sleep(300)"


@pytest.fixture
def warm() -> Iterator[Zygote]:
    zygote.start()
    found = zygote.current()
    assert found is not None
    yield found
    zygote.start()


def folders() -> set[str]:
    return {path.name for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}{os.getpid()}-*")}


async def test_thirty_runs_leave_nothing(warm: Zygote) -> None:
    """No process, no descriptor, no folder, of the owner's or of the zygote's."""
    process = psutil.Process(warm.pid)
    await (await Kernel.start(dict(os.environ), Path.cwd())).stop()
    before = (psutil.Process().num_fds(), process.num_fds(), folders())
    for _ in range(30):
        kernel = await Kernel.start(dict(os.environ), Path.cwd())
        assert kernel.forked
        await kernel.stop()
    await asyncio.to_thread(until, lambda: not process.children(recursive=True))  # the last one's burial may take a moment
    assert (psutil.Process().num_fds(), process.num_fds(), folders()) == before


async def test_a_cancelled_start_leaves_nothing(warm: Zygote) -> None:
    """Whoever is no longer waited for ends."""
    await (await Kernel.start(dict(os.environ), Path.cwd())).stop()
    before = psutil.Process().num_fds()
    for delay_s in (0.0, 0.0, 0.001, 0.005, 0.02, 0.05, 0.2):
        starting = asyncio.ensure_future(Kernel.start(dict(os.environ), Path.cwd()))
        await asyncio.sleep(delay_s)
        starting.cancel()
        (came,) = await asyncio.gather(starting, return_exceptions=True)
        if isinstance(came, Kernel):  # it was faster
            await came.stop()
    await asyncio.to_thread(until, lambda: not psutil.Process(warm.pid).children(recursive=True) and not folders())
    assert psutil.Process().num_fds() == before


def test_kill_9_of_the_owner_ends_the_zygote(tmp_path: Path) -> None:
    """Its socket closes with it."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, env={**os.environ, "TOY_MARK": str(tmp_path)})
    assert owner.stdout is not None
    owner.stdout.readline()
    assert len(marked(str(tmp_path))) == 2
    owner.kill()
    owner.communicate()
    until(lambda: not marked(str(tmp_path)))


async def test_the_zygotes_death_harms_no_run(warm: Zygote, toy: Toy, caplog: pytest.LogCaptureFixture) -> None:
    """A kernel that runs goes on; the next starts anew, which is said; the one after a new start is forked again."""
    toy("import asyncio; open('busy', 'w').close(); await asyncio.sleep(1); print('whole')", bare=True)
    running = asyncio.ensure_future(execute("toy"))
    await asyncio.to_thread(until, Path("busy").exists)
    os.kill(warm.pid, signal.SIGKILL)
    folder = (await running).folder
    kernel = await Kernel.start(dict(os.environ), Path.cwd())
    await kernel.stop()
    said = [record.message for record in caplog.records if "start anew" in record.message]
    assert (code_cells(folder)[0].outputs[0].text, kernel.forked, len(said)) == ("whole\n", False, 1)


async def test_it_is_made_again_when_the_code_changes(warm: Zygote, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it has imported would be the old code."""
    monkeypatch.setattr("helpers.runner.zygote.owner._stamp", lambda: (0, 0, 0))
    again = zygote.current()
    assert again is not None
    assert (again is warm, warm.alive()) == (False, False)


async def test_a_stuck_zygote_is_given_up(warm: Zygote, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not answer: the kernel starts anew after the time-out."""
    await (await Kernel.start(dict(os.environ), Path.cwd())).stop()
    monkeypatch.setattr("helpers.runner.zygote.owner.FORK_S", 0.5)
    os.kill(warm.pid, signal.SIGSTOP)
    kernel = await Kernel.start(dict(os.environ), Path.cwd())
    await kernel.stop()
    assert (kernel.forked, warm.alive()) == (False, False)


def test_the_switch_keeps_kernels_stock(monkeypatch: pytest.MonkeyPatch) -> None:
    """For whoever mistrusts it."""
    zygote.stop()
    monkeypatch.setenv(zygote.SWITCH, "1")
    zygote.start()
    assert zygote.current() is None


def test_it_holds_no_thread_and_neither_duckdb_nor_a_shell() -> None:
    """What a fork could not carry over is not there when it serves."""
    look = (
        "import sys, threading; from helpers.runner.zygote.preload import preload; preload()\n"
        "bad = [n for n in sys.modules if n.partition('.')[0] in ('duckdb', 'matplotlib_inline') or n.startswith('helpers.sandbox')]\n"
        "from helpers.runner.zygote.serve import _prove_fit; _prove_fit()\n"
        "import IPython; print(bad, threading.active_count(), IPython.get_ipython())"
    )
    done = subprocess.run([sys.executable, "-P", "-c", look], capture_output=True, text=True, timeout=120)
    assert (done.stdout.split("\n")[0], done.returncode) == ("[] 1 None", 0), done.stderr


def test_it_maps_no_code_that_only_its_imports_ran() -> None:
    """Less of its files than before, and what it imported works as it did."""
    file = 'int(__import__("re").search(r"RssFile:\\s+(\\d+)", open("/proc/self/status").read())[1])'
    code = f"import pandas as pd; from helpers.runner.zygote import preload; a = {file}; preload._let_go_of_code(); print({file} < a / 2, pd.Series([1, 2]).sum())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert said.stdout.split() == ["True", "3"]
