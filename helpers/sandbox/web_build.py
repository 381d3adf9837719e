"""The web application's checkout, its packages and its build: installed and built once per content, then copied.

Packages come from the lock (`npm ci`), which holds no addresses; both they and builds are kept in the user's cache folder.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import platformdirs

from helpers.errors import RunbookError
from helpers.sandbox.checkout import Checkout

__all__ = ["WebCheckout", "build", "install", "node"]

_SOURCE = Path(__file__).parent / "web"
_INSTALL_S, _BUILD_S = 600.0, 300.0
_QUIET = {"NEXT_TELEMETRY_DISABLED": "1", "CI": "1"}
_KEPT_BUILDS = 40


class WebCheckout(Checkout):
    """The Next.js application as a git checkout."""

    first: ClassVar[str] = "feat: orders, quotes, prices and flags"

    def write(self) -> None:
        """Write the application's files into the folder."""
        for path in sorted(p for p in _SOURCE.rglob("*") if p.is_file() and not {"node_modules", ".next"} & set(p.parts)):
            name = ".gitignore" if path.name == "gitignore" else str(path.relative_to(_SOURCE))
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, self.folder / name)


def node() -> str:
    """Return node's path. Raises RunbookError when node or npm is not on PATH."""
    found = shutil.which("node")
    if found is None or shutil.which("npm") is None:
        raise RunbookError("The web application needs node and npm on PATH.", remedy="Install Node.js 20 or newer, or leave `web` out.")
    return found


def install(folder: Path, progress: Callable[[str], None]) -> None:
    """Put the packages of the lock in `folder` beside its code; downloaded once per lock. Raises RunbookError."""
    node()
    lock = (folder / "package-lock.json").read_bytes()
    kept = _cache() / f"packages-{hashlib.sha256(lock).hexdigest()[:16]}"
    with _alone(kept):
        if not (kept / "node_modules").exists():
            progress("installing the web application's packages (once, about half a minute)")
            kept.mkdir(parents=True, exist_ok=True)
            for name in ("package.json", "package-lock.json"):
                shutil.copyfile(folder / name, kept / name)
            try:
                _npm(kept, "ci", "--no-audit", "--no-fund", "--ignore-scripts", timeout_s=_INSTALL_S)
            except BaseException:
                shutil.rmtree(kept / "node_modules", ignore_errors=True)
                raise
    if not (folder / "node_modules").exists():
        shutil.copytree(kept / "node_modules", folder / "node_modules", copy_function=_link, symlinks=True)


def build(folder: Path, progress: Callable[[str], None], public: Mapping[str, str] | None = None) -> str:
    """Build what stands in `folder`, or take the build of the same content; return the content's hash. Raises RunbookError with its output.

    `public` are the variables that a build writes into what browsers load (NEXT_PUBLIC_*).
    """
    name = _content(folder, public or {})
    kept = _cache() / f"build-{name}"
    with _alone(kept):
        if kept.exists():
            shutil.rmtree(folder / ".next", ignore_errors=True)
            shutil.copytree(kept, folder / ".next")
            os.utime(kept)
            return name
        progress("building the web application")
        _npm(folder, "run", "build", timeout_s=_BUILD_S, public=public or {})
        _keep(folder / ".next", kept)
    return name


def _keep(made: Path, kept: Path) -> None:
    part = kept.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(made, part, ignore=shutil.ignore_patterns("cache"))
    part.rename(kept)
    builds = sorted((p for p in kept.parent.glob("build-*") if p.is_dir() and p.suffix != ".part"), key=lambda p: p.stat().st_mtime)
    for old in builds[:-_KEPT_BUILDS]:
        shutil.rmtree(old, ignore_errors=True)


def _content(folder: Path, public: Mapping[str, str]) -> str:
    """Return a hash of every file, and of every variable, that a build reads."""
    digest = hashlib.sha256("".join(f"{name}={value}\0" for name, value in sorted(public.items())).encode())
    for path in sorted(
        p for p in folder.rglob("*") if p.is_file() and not {"node_modules", ".next", ".git"} & set(p.relative_to(folder).parts)
    ):
        if path.name != "next-env.d.ts" and path.suffix != ".tsbuildinfo":
            digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _npm(folder: Path, *arguments: str, timeout_s: float, public: Mapping[str, str] | None = None) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - no shell
            ["npm", *arguments],  # noqa: S607 - the npm of the PATH
            cwd=folder, env={**os.environ, **_QUIET, **(public or {})}, capture_output=True, text=True, timeout=timeout_s, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise RunbookError(
            f"npm {arguments[0]} took longer than {timeout_s:.0f} s.", remedy="Look at the network and the machine's load."
        ) from error
    if done.returncode:
        said = (done.stdout + done.stderr).strip()[-1500:]
        raise RunbookError(f"npm {arguments[0]} failed for the web application: {said}")


def _cache() -> Path:
    return Path(platformdirs.user_cache_dir("backend-runbooks")) / "web"


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _link(source: str, target: str) -> str:
    """Link a file that nobody writes, or copy it where links do not reach."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target
