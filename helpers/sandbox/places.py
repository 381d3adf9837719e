"""Where a sandbox lives: one folder per sandbox, named after the user and the sandbox.

The folder's `keeper.lock` is held (flock) by the processes that keep the sandbox, so a folder whose lock
is free belongs to nobody any more: it was left by a crash of everything at once, and may be swept.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import stat
import tempfile
import time
from pathlib import Path

from helpers.errors import RunbookError, UsageError
from helpers.sandbox.janitor import clean

__all__ = ["VARIABLE", "base_folder", "default_name", "folder_of", "is_kept", "private_name", "reachable_by_others", "sweep"]

VARIABLE = "RUNBOOK_SANDBOX"
_YOUNG_S = 5.0  # between mkdir and flock lie milliseconds: a younger folder without a lock is being made


def default_name() -> str:
    """Return the sandbox that is meant when none is named: RUNBOOK_SANDBOX, else `default`."""
    return os.environ.get(VARIABLE) or "default"


def private_name() -> str:
    """Return a name no other sandbox has."""
    return f"private-{secrets.token_hex(4)}"


def reachable_by_others(path: Path) -> bool:
    """Return whether an account without rights of its own can walk down to `path`."""
    return all(p.stat().st_mode & stat.S_IXOTH for p in (path, *path.parents))


def base_folder() -> Path:
    """Return the folder sandboxes are made in: the temporary folder, or for root one that `nobody` can reach.

    Raises:
        RunbookError: root has no temporary folder that the database account could reach.

    """
    chosen = Path(tempfile.gettempdir()).resolve()
    if os.geteuid() != 0 or reachable_by_others(chosen):
        return chosen
    for place in (Path("/tmp"), Path("/var/tmp")):  # noqa: S108 - the folders made below are private
        if place.is_dir() and reachable_by_others(place):
            return place
    raise RunbookError(
        f"PostgreSQL does not run as root, and its account cannot reach {chosen}.",
        remedy="Run as an ordinary user, or set TMPDIR to a folder others can enter.",
    )


def folder_of(name: str) -> Path:
    """Return the folder of the sandbox `name`. Raises UsageError on a name that is no file name."""
    if not re.fullmatch(r"\w[\w .-]{0,60}", name):
        raise UsageError(f"{name!r} cannot name a sandbox.", remedy="Use letters, digits, spaces, dots and dashes.")
    return base_folder() / f"runbook-sandbox-{os.getuid()}-{name}"


def is_kept(folder: Path) -> bool:
    """Return whether somebody keeps the sandbox in `folder`; a folder that was just made counts as kept."""
    try:
        if time.time() - folder.stat().st_mtime < _YOUNG_S and not (folder / "keeper.lock").exists():
            return True
        with (folder / "keeper.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _stale_folders() -> list[Path]:
    """Return this user's sandbox folders that nobody keeps."""
    own = base_folder().glob(f"runbook-sandbox-{os.getuid()}-*")
    return [f for f in own if _is_own(f) and not is_kept(f)]


def _is_own(folder: Path) -> bool:
    """Return whether `folder` is there and this user's; one that ends meanwhile is nobody's."""
    try:
        return not folder.is_symlink() and folder.stat().st_uid == os.getuid()
    except FileNotFoundError:
        return False


def sweep() -> None:
    """Remove what a crash of everything at once left of this user's sandboxes: their keeper is gone, so nobody uses them."""
    for folder in _stale_folders():
        clean(folder)
