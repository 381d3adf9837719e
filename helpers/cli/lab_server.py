"""Start JupyterLab with the interpreter this runs in, rooted where the runbooks are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import helpers

__all__ = ["serve"]


def serve(name: str, extra: list[str]) -> int:
    """Run JupyterLab until it ends and return its exit code; incidents go to the caller's working folder.

    Raises:
        ParameterError: no such runbook.
    """
    from helpers.cli.console import say
    from helpers.runner.catalogue import find_runbook

    root = Path(helpers.__file__).resolve().parent.parent
    path = find_runbook(name).path.resolve() if name and not name.startswith("-") else root / "notebooks" / "1_start_here.ipynb"
    extra = [name, *extra] if name.startswith("-") else extra
    if not path.is_relative_to(root):
        root = path.parent
    environment = {**os.environ, "RUNBOOK_INCIDENTS": str(Path(os.environ.get("RUNBOOK_INCIDENTS", "incidents")).resolve())}
    say(f"JupyterLab at {path.relative_to(root)}; Ctrl-C ends it.")
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--notebook-dir={root}",
        f"--LabApp.default_url=/lab/tree/{path.relative_to(root).as_posix()}",
    ]
    if os.name == "posix" and os.geteuid() == 0:
        command.append("--allow-root")
    process = subprocess.Popen([*command, "--KernelManager.transport=ipc", *extra], env=environment)  # noqa: S603 (our own command)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        return process.wait()
