"""Plain jupyter_client and nbclient, with a kernelspec that names the provisioner `runbook`, and without: the same facts."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_notebook

from helpers.runner.provisioner import ForkedKernel, arguments_of

LAUNCH = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--HistoryManager.hist_file=:memory:"]


@pytest.fixture(params=["local-provisioner", "runbook"])
def manager(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncKernelManager:
    """A manager whose kernelspec names the provisioner."""
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    folder = tmp_path / "kernels" / "one"
    folder.mkdir(parents=True)
    metadata = {"kernel_provisioner": {"provisioner_name": request.param}}
    (folder / "kernel.json").write_text(json.dumps({"argv": LAUNCH, "display_name": "one", "language": "python", "metadata": metadata}))
    specs = KernelSpecManager(kernel_dirs=[str(tmp_path / "kernels")])
    return AsyncKernelManager(kernel_name="one", kernel_spec_manager=specs, transport="ipc", ip=str(tmp_path / "k"))


@pytest_asyncio.fixture
async def client(manager: AsyncKernelManager, tmp_path: Path) -> AsyncIterator[Any]:
    """A client of a started kernel."""
    await manager.start_kernel(cwd=str(tmp_path), env={**os.environ, "GIVEN": "x"})
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=60)
    yield client
    client.stop_channels()
    if manager.has_kernel:
        await manager.shutdown_kernel(now=True)
    client.context.destroy(linger=0)


async def ask(client: Any, code: str) -> str:
    while True:
        said: list[str] = []
        reply = await client.execute_interactive(
            code, timeout=30, output_hook=lambda m, said=said: said.append(m["content"].get("text", ""))
        )
        if reply["content"]["status"] != "aborted":  # a kernel drops what is asked just after an error
            return "".join(said) or str(reply["content"]["status"])


async def test_it_is_of_the_kind_that_was_asked_for(manager: AsyncKernelManager, client: Any) -> None:
    """The provisioner named forks; the other does not; each kernel is a process of its own."""
    forked = isinstance(manager.provisioner.process, ForkedKernel)
    pid = int(await ask(client, "import os; print(os.getpid())"))
    assert (forked, pid) == (
        manager.provisioner.kernel_spec.metadata["kernel_provisioner"]["provisioner_name"] == "runbook",
        manager.provisioner.pid,
    )


async def test_environment_and_folder_are_the_given_ones(client: Any, tmp_path: Path) -> None:
    """As with any kernel."""
    assert await ask(client, "import os; print(os.environ['GIVEN'], os.getcwd(), 'JPY_PARENT_PID' in os.environ and 0)") in (
        f"x {tmp_path} False\n", f"x {tmp_path} 0\n",
    )  # fmt: skip


@pytest.mark.parametrize("busy", ["import time; time.sleep(60)", "while True: pass", "import subprocess; subprocess.run(['sleep', '60'])"])
async def test_an_interrupt_ends_the_cell_and_not_the_kernel(manager: AsyncKernelManager, client: Any, busy: str) -> None:
    """A sleep, a loop and a child process."""
    client.execute(f"print('on', flush=True); {busy}" if not busy.startswith("while") else f"print('on', flush=True)\n{busy}")
    while (await client.get_iopub_msg(timeout=30))["content"].get("text") != "on\n":
        pass
    await asyncio.sleep(0.2)
    await manager.interrupt_kernel()
    while (reply := await client.get_shell_msg(timeout=30))["msg_type"] != "execute_reply":
        pass
    assert (reply["content"]["ename"], await ask(client, "print(1)")) == ("KeyboardInterrupt", "1\n")


async def test_a_restart_is_a_new_process(manager: AsyncKernelManager, client: Any) -> None:
    """Its names are gone, and so is the old process."""
    await ask(client, "x = 1")
    before = manager.provisioner.pid
    await manager.restart_kernel(now=True)
    await client.wait_for_ready(timeout=60)
    assert (await ask(client, "print('x' in globals())"), psutil.pid_exists(before), manager.provisioner.pid == before) == (
        "False\n",
        False,
        False,
    )


async def test_an_orderly_shutdown_runs_what_was_registered_for_it(manager: AsyncKernelManager, client: Any, tmp_path: Path) -> None:
    """atexit is heard."""
    await ask(client, "import atexit, pathlib; atexit.register(pathlib.Path('left').touch)")
    await manager.shutdown_kernel()
    assert ((tmp_path / "left").exists(), await manager.is_alive()) == (True, False)


DEATHS = ["import os; os._exit(3)", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "import ctypes; ctypes.string_at(0)"]


async def run_by_nbclient(manager: AsyncKernelManager, *cells: str, **options: Any) -> None:
    """Run a notebook, and close what nbclient leaves open of a manager that is not its own."""
    runner = NotebookClient(new_notebook(cells=[new_code_cell(cell) for cell in cells]), km=manager, **options)
    try:
        await runner.async_execute()
    finally:
        runner.kc.stop_channels()
        runner.kc.context.destroy(linger=0)
        if manager.has_kernel:
            await manager.shutdown_kernel(now=True)


@pytest.mark.parametrize("death", DEATHS)
async def test_nbclient_notices_a_dead_kernel(manager: AsyncKernelManager, death: str) -> None:
    """However it died."""
    with pytest.raises(DeadKernelError):
        await run_by_nbclient(manager, death)


async def test_nbclient_runs_a_notebook_under_a_limit(manager: AsyncKernelManager) -> None:
    """A cell that does not end is a time-out, and the kernel can be ended."""
    with pytest.raises(CellTimeoutError):
        await run_by_nbclient(manager, "import pandas as pd; pd.DataFrame({'a': [1]})", "while 1: 1", timeout=2)
    assert not await manager.is_alive()


def test_only_an_ipykernel_of_this_interpreter_is_forked() -> None:
    """Another interpreter, another kernel and other flags are started as ever."""
    commands = [[sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "c"], ["/usr/bin/python3", "-m", "ipykernel_launcher"],
                [sys.executable, "-m", "bash_kernel"], [sys.executable, "-O", "-m", "ipykernel_launcher"]]  # fmt: skip
    assert [arguments_of(command) for command in commands] == [["-f", "c"], None, None, None]
