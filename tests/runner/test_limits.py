"""Time limits and dead kernels: the run ends, and its cells tell the truth."""

import pytest

from helpers.runner import execute
from tests.runner.toys import Toy, marked, statuses

pytestmark = pytest.mark.usefixtures("kernels")

HANGS = ["import asyncio; await asyncio.sleep(60)", "import time; time.sleep(60)", "while True: pass"]


@pytest.mark.parametrize("hang", HANGS)
async def test_a_hanging_cell_is_ended_by_its_limit(toy: Toy, hang: str) -> None:
    """An await that cannot be interrupted, a sleep and a busy loop all end with the kernel."""
    toy(hang, "1", bare=True)
    result = await execute("toy", cell_timeout_s=1)
    assert (result.exit_code, statuses(result.folder), result.document.broken) == (
        4,
        ["failed", "pending"],
        "Cell 3: It did not end within its limit of 1 s, and was stopped.",
    )


async def test_the_whole_run_has_a_limit(toy: Toy) -> None:
    """Cells within their own limits end with the run's."""
    toy(*["import time; time.sleep(1.5)"] * 20)
    result = await execute("toy", run_timeout_s=12)
    assert (result.exit_code, "limit of 12 s" in str(result.document.broken)) == (4, True)


DEATHS = {
    "import os; os._exit(3)": "exit code 3",
    "import os; os._exit(0)": "exit code 0",
    "import os, signal; os.kill(os.getpid(), signal.SIGKILL)": "killed by SIGKILL",
    "import ctypes; ctypes.string_at(0)": "killed by SIGSEGV",
}


@pytest.mark.parametrize("death", DEATHS)
async def test_a_dead_kernel_is_a_broken_run(toy: Toy, death: str) -> None:
    """It is noticed by its process, not by silence; the reason is stated, the later cells are pending."""
    toy(death)
    result = await execute("toy")
    assert (result.exit_code, statuses(result.folder), DEATHS[death] in str(result.document.broken)) == (
        4,
        ["completed", "failed", "pending"],
        True,
    )


async def test_a_dead_kernel_leaves_what_was_gathered(toy: Toy) -> None:
    """Evidence from before the death is in the document."""
    toy("_ = incident.finish('reproduce', 'done', 'It is slow.')", "import os; os._exit(1)")
    result = await execute("toy")
    assert result.document.steps[0].summary == "It is slow."


async def test_nothing_a_cell_started_outlives_the_run(toy: Toy) -> None:
    """Children, daemons with a session of their own and double-forked orphans are gone with the kernel."""
    sleep = "[sys.executable, '-c', 'import time; time.sleep(300)']"
    daemon = "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(300)\n    os._exit(0)"
    toy(f"import os, subprocess, sys, time\nsubprocess.Popen({sleep})\nsubprocess.Popen({sleep}, start_new_session=True)\n{daemon}")
    await execute("toy", env={"TOY_MARK": "outlives"})
    assert marked("outlives") == []
