"""The janitor: starts the keeper, waits for it, and leaves nothing behind, however the keeper ended.

Runs as `python -m helpers.sandbox.janitor FOLDER`. It makes the folder and its lock, hands its stdin (the owner's pipe) to the keeper,
and after the keeper's end removes servers, shared memory and the folder. It imports little, so that it weighs little.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

__all__ = ["EXISTS", "clean", "die_with_parent"]

EXISTS = 17  # exit code: the folder is there already (errno EEXIST)
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
_IPC_RMID = 0


def die_with_parent(parent: int, number: signal.Signals) -> None:
    """Ask Linux to send `number` when the parent dies (prctl(2)); for preexec_fn, after any change of account.

    Elsewhere the janitor ends what is left.
    """
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)


def main() -> int:
    """Make the folder, run the keeper in it, clean up."""
    folder = Path(sys.argv[1])
    try:
        folder.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700)  # root: the database account passes through
    except FileExistsError:
        return EXISTS
    with (folder / "keeper.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        me = os.getpid()
        keeper = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "helpers.sandbox.keeper", str(folder)],
            pass_fds=[lock.fileno()],
            preexec_fn=lambda: die_with_parent(me, signal.SIGTERM),
        )
        _let_go_of_the_pipes()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: keeper.terminate())
        code = keeper.wait()
        clean(folder)
    return code if code >= 0 else 1


def _let_go_of_the_pipes() -> None:
    """The owner's pipes belong to the keeper alone: an end held here would hide the other's end of file."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)


def clean(folder: Path) -> None:
    """End every process of the sandbox in `folder`, remove its shared memory, then the folder itself."""
    segment = _shared_memory(folder)
    deadline = time.monotonic() + 10
    while (left := _left_over(folder)) and time.monotonic() < deadline:
        for pid in left:
            _kill(pid)
        time.sleep(0.02)
    if segment is not None:
        _LIBC.shmctl(segment, _IPC_RMID, None)
    while folder.exists() and time.monotonic() < deadline:
        shutil.rmtree(folder, ignore_errors=True)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _left_over(folder: Path) -> list[int]:
    """The servers as the keeper wrote them down (pid and start time), and any backend working in the data folder."""
    import psutil

    try:
        known = {tuple(entry) for entry in json.loads((folder / "pids.json").read_text())}
    except (OSError, ValueError):
        known = set()
    data = str(folder / "postgres" / "data")
    found = []
    for process in psutil.process_iter(["pid", "create_time", "name", "cwd", "status"]):
        info = process.info
        if info["status"] == psutil.STATUS_ZOMBIE:
            continue
        backend = info["cwd"] == data and (info["name"] or "").startswith(("postgres", "initdb"))
        if backend or (info["pid"], info["create_time"]) in known:
            found.append(info["pid"])
    return found


def _shared_memory(folder: Path) -> int | None:
    """The id of the segment a killed postmaster leaves behind: line 7 of postmaster.pid holds its key and id."""
    try:
        lines = (folder / "postgres" / "data" / "postmaster.pid").read_text().splitlines()
        key, segment = (int(word) for word in lines[6].split())
    except (OSError, ValueError, IndexError):
        return None
    table = Path("/proc/sysvipc/shm")
    if not table.exists():
        return segment
    rows = [line.split() for line in table.read_text().splitlines()[1:]]
    return segment if any(int(r[0]) == key and int(r[1]) == segment for r in rows) else None


if __name__ == "__main__":
    sys.exit(main())
