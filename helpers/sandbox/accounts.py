"""PostgreSQL refuses to run as root: then it runs as `nobody`, in a folder that account owns."""

from __future__ import annotations

import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

from helpers.errors import RunbookError
from helpers.sandbox.places import reachable_by_others

__all__ = ["Account", "reachable_binaries", "server_account"]


@dataclass(frozen=True, slots=True)
class Account:
    """The account a server runs under."""

    uid: int
    gid: int

    def own(self, *paths: Path) -> None:
        """Give `paths` to this account."""
        for path in paths:
            os.chown(path, self.uid, self.gid)


def server_account() -> Account | None:
    """Return the account PostgreSQL must be started under, or None for the user's own."""
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise RunbookError(
            "PostgreSQL does not run as root, and there is no account `nobody`.", remedy="Run as an ordinary user."
        ) from None
    return Account(nobody.pw_uid, nobody.pw_gid)


def reachable_binaries(binaries: Path, folder: Path, *, copyable: bool) -> Path:
    """Return `binaries`, or a copy of their installation inside `folder` when root's account for servers cannot reach them.

    Raises:
        RunbookError: they cannot be reached and are no self-contained installation (`copyable` is False).

    """
    if server_account() is None or _usable_by_others(binaries):
        return binaries
    if not copyable:
        raise RunbookError(
            f"PostgreSQL runs as `nobody` when started by root, and that account cannot reach {binaries}.",
            remedy="Run as an ordinary user, or unset RUNBOOK_POSTGRES_BIN.",
        )
    copy = folder / "pginstall"
    shutil.copytree(binaries.parent, copy, ignore=shutil.ignore_patterns("include", "doc", "pgxs"))
    for path in (copy, *copy.rglob("*")):
        path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or path.parent.name == "bin" else 0o044))
    return copy / "bin"


def _usable_by_others(binaries: Path) -> bool:
    server = (binaries / "postgres").resolve()
    return reachable_by_others(server) and bool(server.stat().st_mode & 0o004)
