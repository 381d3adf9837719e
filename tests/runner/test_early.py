"""`runbook run` begins its kernel's imports before it reads its own words, and ends them when the words are wrong."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.runner.toys import Toy, code_cells, marked

RUNBOOK = str(Path(sys.executable).with_name("runbook"))
LINEAGE = "import psutil\nprint(*[' '.join(p.cmdline()) for p in psutil.Process().parents()], sep='\\n')"
IMPORTS = "import sys; from helpers.runner.imports import import_papermill; import_papermill(); print('pyarrow' in sys.modules); import pyarrow.fs, arrow"


def runbook(mark: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TOY_MARK": str(mark), **env}
    environment.pop("RUNBOOK_STOCK_KERNELS", None) if not env else None
    return subprocess.run([RUNBOOK, *words], env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    "words", [["run"], ["run", "nothing"], ["run", "toy", "-p", "m=1"], ["run", "toy", "--profile", "none"]], ids=" ".join
)
def test_bad_usage_starts_nothing(toy: Toy, tmp_path: Path, words: list[str]) -> None:
    """Exit 2, no incident, no process, and nothing said about kernels."""
    toy()
    done = runbook(tmp_path, *words)
    assert (done.returncode, (tmp_path / "incidents").exists(), marked(str(tmp_path)), "kernel" in done.stderr) == (2, False, [], False)


@pytest.mark.parametrize(("env", "forked"), [({}, True), ({"RUNBOOK_STOCK_KERNELS": "1"}, False)])
def test_the_kernel_is_forked_from_what_began_early(toy: Toy, tmp_path: Path, env: dict[str, str], forked: bool) -> None:
    """Unless it is switched off; either way nobody is left."""
    toy(LINEAGE)
    done = runbook(tmp_path, "run", "toy", **env)
    (folder,) = (tmp_path / "incidents").iterdir()
    said = code_cells(folder)[1].outputs[0].text
    assert (done.returncode, "zygote.serve" in said, marked(str(tmp_path))) == (3, forked, []), done.stderr


def test_papermill_comes_without_arrow_which_stays_to_be_had() -> None:
    """What is hidden from papermill's import is hidden from nothing else."""
    done = subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("False\n", 0), done.stderr


def test_other_threads_import_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the thread that imports papermill goes without."""
    from helpers.runner.imports import without_ballast

    monkeypatch.setattr("helpers.runner.imports._BALLAST", {"antigravity"})
    found: list[object] = []

    def look() -> None:
        from importlib.util import find_spec

        found.append(find_spec("antigravity"))

    with without_ballast():
        other = threading.Thread(target=look)
        other.start()
        other.join()
        with pytest.raises(ModuleNotFoundError):
            look()
    assert found[0] is not None
