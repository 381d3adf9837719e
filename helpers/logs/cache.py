"""Large log files read once are kept as Parquet, until the file changes.

What is kept is what the log holds, so it lies in a folder that only its owner may read. `RUNBOOK_LOG_CACHE` names another folder, or is
`off`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from platformdirs import user_cache_path

__all__ = ["FEWEST_BYTES", "find", "folder", "keep", "key_of"]

FEWEST_BYTES = 64 << 20  # smaller files are read anew: they take less than a second
MOST_BYTES = 8 << 30  # of all that is kept; what was not used for longest goes first
SETTING = "RUNBOOK_LOG_CACHE"
_LEFT_FREE = 2  # a copy is made only where the disk has this many times the file's size left
_LAYOUT = 1  # raise it when what is kept changes its meaning


def folder() -> Path | None:
    """Return where copies are kept, None where they are not to be."""
    named = os.environ.get(SETTING, "")
    if named.lower() in ("off", "0", "no"):
        return None
    return Path(named).expanduser() if named else user_cache_path("runbook") / "logs"


def key_of(path: Path, relation: str) -> str:
    """Return the name of the copy of a file read by this SQL; any write to the file gives another one."""
    at = path.stat()
    said = (_LAYOUT, str(path.resolve()), at.st_dev, at.st_ino, at.st_size, at.st_mtime_ns, at.st_ctime_ns, relation)
    return hashlib.sha256(repr(said).encode()).hexdigest()[:40] + ".parquet"


def find(key: str) -> Path | None:
    """Return the copy of that name; it counts as used now."""
    base = folder()
    kept = base / key if base else None
    if kept is None or not kept.is_file():
        return None
    with contextlib.suppress(OSError):  # somebody else's, or a read-only disk: it is as good to read
        os.utime(kept)
    return kept


def keep(key: str, size: int, write: Callable[[Path], object]) -> Path | None:
    """Return the copy that `write` made, in place under its name at once, or None where there is no room or no folder for it.

    Args:
        key: Its name, from `key_of`.
        size: Bytes of the log file.
        write: Writes the copy to the path it is given.

    """
    base = folder()
    if base is None:
        return None
    try:
        base.mkdir(parents=True, exist_ok=True, mode=0o700)
        if shutil.disk_usage(base).free < _LEFT_FREE * size:
            return None
        with tempfile.TemporaryDirectory(dir=base, prefix="being-written-") as room:
            copy = Path(room) / key
            write(copy)
            copy.chmod(0o600)
            kept = copy.replace(base / key)
    except OSError:
        return None  # a full disk or a folder that is not ours: the log itself is still there to be read
    _make_room(base, kept)
    return kept


def _make_room(base: Path, newest: Path) -> None:
    """Remove what was not used for longest, until what is kept is within its bound. The newest stays."""
    copies = sorted((one for one in base.glob("*.parquet") if one != newest), key=lambda one: one.stat().st_mtime)
    over = sum(one.stat().st_size for one in (*copies, newest)) - MOST_BYTES
    for one in copies:
        if over <= 0:
            return
        over -= one.stat().st_size
        one.unlink(missing_ok=True)
