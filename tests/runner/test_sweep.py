"""A kernel's socket folder that nobody could remove is removed by the next run."""

import os
from pathlib import Path

from helpers.runner.kernel import PREFIX, _sweep

DEAD = 2**22 - 1  # above the usual pid_max


def made(base: Path, pid: int, age_s: float) -> Path:
    folder = base / f"{PREFIX}{pid}-abc"
    folder.mkdir()
    at = folder.stat().st_mtime - age_s
    os.utime(folder, (at, at))
    return folder


def test_only_old_folders_of_dead_runners_go(tmp_path):
    """A running one's stays, and so does a young one's: its warden may still be cleaning up."""
    gone, running = made(tmp_path, DEAD, 600), made(tmp_path, os.getpid(), 600)
    young = made(tmp_path, DEAD - 1, 0)
    _sweep(tmp_path)
    assert (gone.exists(), running.exists(), young.exists()) == (False, True, True)
