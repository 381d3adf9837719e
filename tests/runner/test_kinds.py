"""Facts that hold for stock and for forked kernels alike, asked of both by the same words."""

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from helpers.runner import execute
from tests.runner.conftest import use_kernels
from tests.runner.toys import Toy, code_cells

HEAVY = "import matplotlib.pyplot as plt, numpy as np, pandas as pd, asyncio, os, sys, subprocess"
SHOWN = [
    "print('a'); print('b', file=sys.stderr)",
    "pd.DataFrame({'x': np.arange(3), 'y': list('abc')})",
    "_ = plt.plot([1, 2, 3]); plt.title('t')",
    "fig, ax = plt.subplots(); ax.bar(['a'], [1]); plt.show(); 5",
    "await asyncio.sleep(0.01); asyncio.get_running_loop().is_running()",
    "import warnings; warnings.warn('w', stacklevel=1); 2 ** 10;",
    "%time 1",
    "plt.get_backend(), plt.isinteractive(), len(plt.get_fignums()), get_ipython().execution_count",
    "sys.argv[0], sys.path, os.getcwd(), sorted(os.environ), sys.flags.safe_path, __name__, sorted(t.name.split('(')[-1] for t in __import__('threading').enumerate())",
    "import signal; [signal.getsignal(n).__class__.__name__ for n in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)]",
    "[sys.stdin.isatty(), os.getpgrp() == os.getpid(), os.getsid(0) == os.getpid(), os.umask(os.umask(0o22))]",
]


def normal(cell: nbformat.NotebookNode) -> list[Any]:
    """The outputs without what differs between any two runs: pictures by their size, addresses, the kernel's own folder, times."""
    outs = json.loads(json.dumps(cell.outputs))
    for out in outs:
        if png := out.get("data", {}).get("image/png"):
            out["data"]["image/png"] = len(png) // 100
        for key in ("text", "evalue"):
            if key in out:
                out[key] = [line for line in out[key].splitlines() if "time" not in line and "/ipykernel_" not in line]
    return outs


async def test_outputs_are_equal(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prints, tables, pictures, awaits, warnings and what a cell sees of its process: the same, output by output."""
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    toy(HEAVY, *SHOWN, bare=True)
    seen = {}
    for kind in ("stock", "forked"):
        with monkeypatch.context() as patch:
            use_kernels(kind, patch)
            monkeypatch.delenv("PYTEST_CURRENT_TEST", raising=False)
            cells = code_cells((await execute("toy")).folder)
            seen[kind] = [normal(cell) for cell in cells]
            assert [cell.metadata.papermill.status for cell in cells] == ["completed"] * len(cells)
    assert seen["forked"] == seen["stock"]


async def said(toy: Toy, cell: str, **given: Any) -> str:
    """Run one cell, and return what it printed."""
    toy(cell, bare=True)
    result = await execute("toy", **given)
    (out,) = code_cells(result.folder)[0].outputs
    return str(out.get("text", out)).strip()


@pytest.mark.usefixtures("kernels")
class TestBothKinds:
    """Asked of a stock kernel, then of a forked one."""

    async def test_seeds_differ_between_runs(self, toy: Toy) -> None:
        """The standard library's, numpy's own generator and a new one, and the operating system's."""
        cell = "import random, numpy as np, uuid; print(random.random(), np.random.rand(), np.random.default_rng().random(), uuid.uuid4())"
        seen = [(await said(toy, cell)).split() for _ in range(3)]
        assert [len(set(column)) for column in zip(*seen, strict=True)] == [3, 3, 3, 3]

    async def test_a_reset_forgets_no_module(self, toy: Toy) -> None:
        """IPython's list of modules to keep is not made: without it none is forgotten."""
        text = await said(toy, "%reset -sf aggressive\nimport sys\nprint('json' in sys.modules, 'asyncio' in sys.modules)")
        assert text.splitlines()[-1] == "True True"

    async def test_the_environment_is_the_given_one(self, toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
        """Set, changed and removed since the zygote was started; an odd name and an odd byte survive; children see the same."""
        monkeypatch.setenv("LATE", "late \udcff")
        monkeypatch.delenv("SHELL", raising=False)
        cell = "import os, subprocess, sys\nsub = subprocess.check_output(['sh', '-c', 'printf %s \"$LATE\"'])\nprint(ascii(os.environ['LATE']), sub, 'SHELL' in os.environ)"
        assert await said(toy, cell) == r"'late \udcff' b'late \xff' False"

    async def test_the_time_zone_is_read_again(self, toy: Toy) -> None:
        """TZ is an environment variable that the C library keeps."""
        assert await said(toy, "import time; print(time.tzname[0])", env={"TZ": "XYZ-3"}) == "XYZ"

    async def test_a_backend_of_its_own(self, toy: Toy) -> None:
        """MPLBACKEND chooses, though pyplot was imported before."""
        assert await said(toy, "import matplotlib.pyplot as plt; print(plt.get_backend())", env={"MPLBACKEND": "svg"}) == "svg"

    async def test_matplotlibs_settings_of_the_folder(self, toy: Toy, tmp_path: Path) -> None:
        """A matplotlibrc in the working folder is read."""
        (tmp_path / "matplotlibrc").write_text("lines.linewidth: 7\n")
        assert await said(toy, "import matplotlib as m; print(m.rcParams['lines.linewidth'])") == "7.0"

    async def test_variables_read_at_import_reach_their_library(self, toy: Toy) -> None:
        """A forked kernel could not obey them any more: it starts anew instead."""
        assert (
            await said(toy, "print(hash('x') == hash('x'), __import__('sys').flags.hash_randomization)", env={"PYTHONHASHSEED": "0"})
            == "True 0"
        )

    async def test_descriptors_and_c_output_are_captured(self, toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is written past Python reaches the cell."""
        monkeypatch.delenv("PYTEST_CURRENT_TEST")
        cell = "import ctypes, os, time\n_ = os.write(1, b'fd\\n'); c = ctypes.CDLL(None); c.puts(b'c'); c.fflush(None); time.sleep(0.5)"
        assert (await said(toy, cell)).split() == ["fd", "c"]

    @pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
    async def test_processes_of_a_cell(self, toy: Toy, method: str) -> None:
        """multiprocessing works by every method."""
        cell = f"import multiprocessing as m\nwith m.get_context('{method}').Pool(2) as pool: print(pool.map(abs, [-1, -2, 3]))"
        assert await said(toy, cell) == "[1, 2, 3]"

    async def test_threads_and_libraries_work(self, toy: Toy) -> None:
        """OpenBLAS, DuckDB and Arrow start their threads in the kernel."""
        cell = (
            "import duckdb, numpy as np, pyarrow as pa, pyarrow.compute as pc\na = np.random.rand(300, 300); _ = a @ a\n"
            "print(duckdb.sql('select count(*) from range(1000000)').fetchall()[0][0], pc.sum(pa.array(range(1000))).as_py())"
        )
        assert await said(toy, cell) == "1000000 499500"

    async def test_it_holds_no_descriptor_of_others(self, toy: Toy) -> None:
        """Not the zygote's socket, not another kernel's lifeline."""
        cell = (
            "import os, psutil\nheld = [os.readlink(f'/proc/self/fd/{f}') for f in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{f}')]\n"
            "print(len([t for t in held if 'memfd' in t]), len({t for t in held if t.endswith('kernel.log')}))"
        )
        assert await said(toy, cell) == "0 1"

    async def test_a_folder_that_is_not_there(self, toy: Toy, tmp_path: Path) -> None:
        """It is an error of the caller, and no kernel starts."""
        from helpers.runner.kernel import Kernel

        with pytest.raises(FileNotFoundError):
            await Kernel.start({}, tmp_path / "nowhere")
