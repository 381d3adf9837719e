"""The demo application's code as a git checkout: what runs is what stands there, and a change to it is a commit."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from helpers.errors import RunbookError

__all__ = ["PACKAGE", "Checkout", "Edits"]

PACKAGE = "shop"
_SOURCE = Path(__file__).parent / "app"
_AUTHOR = ("-c", "user.name=Shop developer", "-c", "user.email=dev@shop.example", "-c", "commit.gpgsign=false")
_GIT_S = 30.0
_README = "# shop-api\n\n`uvicorn shop.main:app`, with DATABASE_URL and REDIS_URL.\n"

Edits = Mapping[str, Sequence[tuple[str, str]]]
"""Path in the checkout → (text that is there once, text in its place)."""


class Checkout:
    """One checkout in `folder`; without git on PATH the code is there, its history is not."""

    first: ClassVar[str] = "feat: orders, customers, sessions, flags and reports"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.has_git = shutil.which("git") is not None

    def make(self) -> None:
        """Write the application's code and its first commit; no-op when it is there."""
        if self.folder.exists():
            return
        self.folder.mkdir()
        self.write()
        if self.has_git:
            self._git("init", "--quiet", "--initial-branch", "main")
            self.commit(self.first)

    def write(self) -> None:
        """Write the application's files into the folder."""
        for path in sorted(_SOURCE.rglob("*.py")):
            target = self.folder / PACKAGE / path.relative_to(_SOURCE)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(path.read_text(encoding="utf-8").replace("helpers.sandbox.app", PACKAGE), encoding="utf-8")
        (self.folder / "README.md").write_text(_README, encoding="utf-8")
        (self.folder / ".gitignore").write_text("__pycache__/\n", encoding="utf-8")

    def version(self) -> str:
        """Return the short hash of the commit that is checked out; empty without git."""
        return self._git("rev-parse", "--short", "HEAD") if self.has_git else ""

    def revision(self) -> str:
        """Return the first ten characters of the commit that is checked out; empty without git."""
        return self._git("rev-parse", "--short=10", "HEAD")[:10] if self.has_git else ""

    def edit(self, edits: Edits, new_files: Mapping[str, str]) -> None:
        """Change files and add others. Raises RunbookError when a text to replace is not there exactly once."""
        for name, pairs in edits.items():
            path = self.folder / name
            text = path.read_text(encoding="utf-8")
            for old, new in pairs:
                if text.count(old) != 1:
                    raise RunbookError(f"{name} holds {old!r} {text.count(old)} times, not once.")
                text = text.replace(old, new)
            path.write_text(text, encoding="utf-8")
        for name, content in new_files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(content, encoding="utf-8")

    def commit(self, message: str) -> None:
        """Commit everything as it stands; no-op without git, or when nothing changed."""
        if self.has_git and self._git("status", "--porcelain"):
            self._git("add", "--all")
            self._git(*_AUTHOR, "commit", "--quiet", "--message", message)

    def restore(self, version: str) -> None:
        """Go back to a version, whatever was done since; without git the code is written anew."""
        if self.has_git:
            self._git("reset", "--quiet", "--hard", version)
            self._git("clean", "--quiet", "--force", "-d")
        else:
            shutil.rmtree(self.folder)
            self.make()

    def line_of(self, name: str, text: str) -> str:
        """Return `file:line` of the first line that holds `text`. Raises RunbookError when there is none."""
        for number, line in enumerate((self.folder / name).read_text(encoding="utf-8").splitlines(), 1):
            if text in line:
                return f"{name}:{number}"
        raise RunbookError(f"{name} does not hold {text!r}.")

    def _git(self, *arguments: str) -> str:
        done = subprocess.run(  # noqa: S603 - no shell
            ["git", *arguments],  # noqa: S607 - the git of the PATH
            cwd=self.folder,
            env={
                "PATH": os.environ.get("PATH", ""),
                "HOME": str(self.folder),
                "GIT_CONFIG_GLOBAL": "/dev/null",
                "GIT_CONFIG_NOSYSTEM": "1",
            },
            capture_output=True,
            text=True,
            timeout=_GIT_S,
            check=False,
        )
        if done.returncode:
            raise RunbookError(f"git {arguments[0]} failed in the sandbox's checkout: {done.stderr.strip()}")
        return done.stdout.strip()
