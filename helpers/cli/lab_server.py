"""Start JupyterLab in this process: the caller's folder as its root, a working copy of the notebook, kernels of ours."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import helpers

__all__ = ["serve", "working_copy"]

LONGEST_FOLDER = 24  # with 79 bytes of folder and socket names after it: a socket path may have 107 bytes on Linux, 103 on macOS
_OURS = Path(__file__).with_name("lab_settings")  # labconfig/: no question about news, no extension manager
# No look-up of newer versions either: nothing leaves the machine unasked. Kernels talk over sockets of this user only.
_SETTINGS = (
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--KernelManager.transport=ipc",
    "--ServerApp.kernel_spec_manager_class=helpers.cli.lab_kernels.OwnInterpreter",
    "--ServerApp.kernel_manager_class=helpers.cli.lab_kernels.CallersKernels",
    "--ServerApp.answer_yes=True",
)


def serve(name: str, options: list[str]) -> None:
    """Run JupyterLab until it is ended, at a notebook.

    Args:
        name: A runbook's name or the tour (empty): a working copy is opened. The path of a notebook: that very file is.
        options: For JupyterLab, after ours, so they win.

    Raises:
        UsageError: no such runbook.

    """
    from helpers.cli.console import say

    incidents = Path(os.environ.get("RUNBOOK_INCIDENTS", "incidents")).resolve()
    source = _source(name)
    notebook = source.resolve() if name.endswith(".ipynb") else working_copy(source, incidents)
    root = Path.cwd() if notebook.is_relative_to(Path.cwd()) else notebook.parent
    say(f"JupyterLab at {notebook}\nIncidents go to {incidents}; Ctrl-C ends it.")
    if hasattr(signal, "SIGHUP"):  # a closed terminal ends it in order too
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    where = (f"--ServerApp.root_dir={root}", f"--LabApp.default_url=/lab/tree/{quote(notebook.relative_to(root).as_posix())}")
    with _private_folder() as private:
        # Workspaces are private too: else the tabs of last time come back, each with a kernel.
        _launch(private, [*where, *_SETTINGS, f"--LabApp.workspaces_dir={private}/workspaces", *options])


def _private_folder() -> tempfile.TemporaryDirectory[str]:
    """Kernels talk over sockets in it; a home folder's path is often too long for one."""
    from helpers.runner.kernel import PREFIX  # what a kill -9 leaves is swept with the runner's own

    base = tempfile.gettempdir()
    base = base if len(os.fsencode(base)) < LONGEST_FOLDER else "/tmp"  # noqa: S108 (the folder made in it is private)
    return tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", dir=base, ignore_cleanup_errors=True)


def _launch(private: str, options: list[str]) -> None:
    os.environ.setdefault("JUPYTER_PLATFORM_DIRS", "1")
    os.environ["JUPYTER_RUNTIME_DIR"] = private
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, (str(_OURS), os.environ.get("JUPYTER_CONFIG_PATH"))))
    from jupyterlab.labapp import LabApp  # type: ignore[import-untyped]

    LabApp.launch_instance([*(["--allow-root"] if os.name == "posix" and os.geteuid() == 0 else []), *options])


def _source(name: str) -> Path:
    from helpers.runner.catalogue import find_runbook

    if name:
        return find_runbook(name).path
    return Path(helpers.__file__).resolve().parent.parent / "notebooks" / "1_start_here.ipynb"


def working_copy(source: Path, incidents: Path) -> Path:
    """Return a new copy of `source` under `incidents/lab`: what is run and saved there leaves the runbook itself clean."""
    folder = incidents / "lab"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    copy = folder / f"{source.stem}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.ipynb"
    shutil.copyfile(source, copy)
    copy.chmod(0o600)
    return copy
